// The port of remote sources to the endpoint that publishes them at a URL for other processes.
import type { EndpointInput, Source } from './source.ts';

export interface SourcePublisher {
  /** Publishes the source at a loopback URL with a secret path, valid until `withdraw`. */
  publish(source: Source): EndpointInput;
  withdraw(source: Source): void;
}
