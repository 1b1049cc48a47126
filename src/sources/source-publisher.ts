// What a source that workers cannot open themselves wants from above: an address where other processes can read it.
import type { Source } from './source.ts';

export interface SourcePublisher {
  /** A loopback URL with a secret path, valid until `withdraw`. */
  publish(source: Source): string;
  withdraw(source: Source): void;
}
