// `Retry-After` (RFC 9110 section 10.2.3), bounded: a viewer waits seconds, even if a server asks for hours.

const LONGEST_MS = 15_000;

/** Milliseconds from now; 0 without the header, or when it is invalid. */
export function retryAfterMs(reply: { header(name: string): string | undefined }): number {
  const text = reply.header('retry-after')?.trim() ?? '';
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), LONGEST_MS);
}
