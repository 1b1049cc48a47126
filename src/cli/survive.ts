// Keeps the process alive after an error of one stream or a broken output pipe: nothing would restart the process.

/** Ignores errors of broken output pipes. */
export function survive(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** From this call on, uncaught errors are reported and do not end the process. */
export function surviveErrors(report: (error: unknown) => void): void {
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}
