// Interrupts reads that wait for bytes which may never arrive, as soon as the signal aborts.

/**
 * Runs `work`; an abort interrupts all targets. Targets may be added meanwhile.
 * @throws the signal's reason after an abort, whatever the outcome of the work
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
