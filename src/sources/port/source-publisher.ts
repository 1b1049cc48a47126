// What a source that workers cannot open themselves wants from above: an address where other processes can read it.
import type { EndpointInput, Source } from './source.ts';

export interface SourcePublisher {
  /** Its address is a loopback URL with a secret path, valid until `withdraw`. */
  publish(source: Source): EndpointInput;
  withdraw(source: Source): void;
}
