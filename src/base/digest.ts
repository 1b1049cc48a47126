// Short digests for names and keys: 128 bits of SHA-256, in hexadecimal.
import { createHash } from 'node:crypto';

/** 32 hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
