// The socket of the DHT. The library does not validate messages: only messages valid by BEP 5 reach it, and only allowed addresses are
// received from or sent to.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { isIPv4, type AddressInfo } from 'node:net';
import { decodeBencode, type Bencoded, type BencodedDictionary } from '../protocol/bencode.ts';

const ID_BYTES = 20;
const PEER_BYTES = 6;

export interface DhtSocketOptions {
  /** Undefined: every address. */
  host: string | undefined;
  isAllowed: (address: string) => boolean;
  log: (line: string) => void;
}

/** The part of `dgram.Socket` that the DHT uses. It emits no errors: without a port the DHT does not work, which is logged. */
export class DhtSocket extends EventEmitter {
  readonly #options: DhtSocketOptions;
  readonly #socket = createSocket('udp4');

  constructor(options: DhtSocketOptions) {
    super();
    this.#options = options;
    this.#socket.on('error', (error) => options.log(`the DHT has no socket: ${error.message}`));
    this.#socket.on('listening', () => this.emit('listening'));
    this.#socket.on('close', () => this.emit('close'));
    this.#socket.on('message', (bytes, from) => this.#receive(bytes, from));
  }

  bind(port: number): void {
    this.#socket.bind({ port, ...(this.#options.host !== undefined && { address: this.#options.host }) });
  }

  address(): AddressInfo {
    return this.#socket.address();
  }

  /** Drops messages to addresses that are not allowed, as if those did not answer. */
  send(bytes: Uint8Array, ...to: [offset: number, length: number, port: number, host: string, done: () => void]): void {
    const [offset, length, port, host, done] = to;
    if (isIPv4(host) && port > 0 && port < 65_536 && this.#options.isAllowed(host))
      this.#socket.send(bytes, offset, length, port, host, () => done());
  }

  close(): void {
    this.#socket.close();
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (from.port > 0 && this.#options.isAllowed(from.address) && isDhtMessage(bytes))
      this.emit('message', bytes, from);
  }
}

/** Whether every member that is read has the type that BEP 5 and BEP 44 give it. */
function isDhtMessage(bytes: Uint8Array): boolean {
  let message: BencodedDictionary;
  try {
    message = decodeBencode(bytes).members;
  } catch {
    return false;
  }
  if (!isBytes(message.get('t'))) return false;
  const type = textOf(message.get('y'));
  if (type === 'e') return Array.isArray(message.get('e'));
  if (type === 'r') return isReply(message.get('r'));
  return type === 'q' && isQuery(textOf(message.get('q')), message.get('a'));
}

function isReply(reply: Bencoded | undefined): boolean {
  if (!isDictionary(reply) || !isBytes(reply.get('id'), ID_BYTES)) return false;
  const values = reply.get('values') ?? [];
  return (
    isBytes(reply.get('nodes') ?? new Uint8Array()) &&
    isBytes(reply.get('token') ?? new Uint8Array()) &&
    Array.isArray(values) &&
    values.every((each) => isBytes(each, PEER_BYTES))
  );
}

function isQuery(name: string | undefined, asked: Bencoded | undefined): boolean {
  if (!isDictionary(asked) || !isBytes(asked.get('id'), ID_BYTES)) return false;
  switch (name) {
    case 'ping':
      return true;
    case 'find_node':
      return isBytes(asked.get('target'), ID_BYTES);
    case 'get_peers':
      return isBytes(asked.get('info_hash'), ID_BYTES);
    case 'announce_peer':
      return isBytes(asked.get('info_hash'), ID_BYTES) && isBytes(asked.get('token'));
    default:
      // No data is stored for other nodes (BEP 44), and no other query is answered.
      return false;
  }
}

function isBytes(value: Bencoded | undefined, size?: number): value is Uint8Array {
  return value instanceof Uint8Array && (size === undefined || value.length === size);
}

function isDictionary(value: Bencoded | undefined): value is BencodedDictionary {
  return value instanceof Map;
}

function textOf(value: Bencoded | undefined): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : undefined;
}
