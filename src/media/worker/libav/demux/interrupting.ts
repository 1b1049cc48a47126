// Ends at once what waits for bytes that may never come, when nobody wants them any more.

/**
 * Runs `work`, in which the targets wait; they may become more meanwhile.
 * @throws the signal's reason once it has aborted, whatever became of the work
 */
export async function interrupting<T>(
  targets: Iterable<{ interrupt(): void }>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const interrupt = (): void => {
    for (const target of targets) target.interrupt();
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', interrupt);
    signal.throwIfAborted();
  }
}
