// Nothing that one stream or one broken pipe does may end the process: nobody would start it again.

/** Makes broken output pipes harmless. */
export function survive(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** From now on, errors nobody caught are reported instead of ending the process. */
export function surviveErrors(report: (error: unknown) => void): void {
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}
