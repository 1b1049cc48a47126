// The bencode decoder of webtorrent loops for ever on a string of negative length, which any peer can send. Such strings are refused.
import { createRequire } from 'node:module';
import bencode, { type Decode } from 'bencode';

const MINUS = 0x2d;

/** To be called before the first message is decoded. @throws TypeError when the library has changed */
export function guardBencode(): void {
  guard(bencode.decode);
  // The DHT depends on an older version of the package.
  const fromWebtorrent = createRequire(import.meta.resolve('webtorrent'));
  const fromDht = createRequire(fromWebtorrent.resolve('k-rpc-socket'));
  const older: unknown = fromDht('bencode');
  const decode: unknown = typeof older === 'object' && older !== null ? Reflect.get(older, 'decode') : older;
  if (!isDecode(decode)) throw new TypeError('the bencode of the DHT has no such function any more');
  guard(decode);
}

function guard(decode: Decode): void {
  const readString = decode.buffer;
  decode.buffer = () => {
    if (decode.data?.[decode.position] === MINUS) throw new Error('a string of negative length');
    return readString();
  };
}

function isDecode(value: unknown): value is Decode {
  return typeof value === 'function' && 'position' in value && 'data' in value && 'buffer' in value;
}
