// Short digests for names and keys: 128 bits of SHA-256, in hexadecimal.
import { createHash } from 'node:crypto';

/** 32 hexadecimal digits, of all parts one after the other. */
export function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 32);
}
