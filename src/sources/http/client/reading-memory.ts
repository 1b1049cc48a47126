// The memory that connections are read into: two pieces for each, in turn, instead of a new one for every chunk. New memory is the dearest
// part of reading (V8 takes it as a reason to look for garbage), and short reads are the next.
import type { OnReadOpts, Socket } from 'node:net';

const PIECE_BYTES = 256 * 1024;
/**
 * The parser keeps what it was given of an answer's head until that is complete. It takes 16 KiB of names and values at most, which are
 * 64 KiB on the wire where each has one byte only.
 */
const HEAD_BYTES = 128 * 1024;
/** Less room than this is not worth a read. */
const LEAST_ROOM = 16 * 1024;

/**
 * For the `onread` of a socket's options: chunks arrive in its stream as always, but each is valid only until the stream was read
 * twice more. So they must be taken where they are handed over, as undici's parser does with all but the head.
 */
export function readingMemory(): OnReadOpts {
  const memories = new WeakMap<Socket, Memory>();
  let next: Uint8Array | undefined;
  return {
    /** Asked for when a socket is made, and right after each call of the other. */
    buffer: () => {
      const room = next ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
      next = undefined;
      return room;
    },
    callback(this: Socket, bytes: number, room: Uint8Array): boolean {
      const memory = memories.get(this) ?? new Memory(room);
      memories.set(this, memory);
      const goesOn = this.push(room.subarray(0, bytes));
      next = memory.roomAfter(bytes, this);
      return goesOn;
    },
  };
}

class Memory {
  #piece: Uint8Array;
  #other: Uint8Array | undefined;
  /** Where the next read goes. */
  #at = 0;
  /** Bytes of requests that were sent; those of their last answer that were received. */
  #requested = 0;
  #answered = 0;

  constructor(piece: Uint8Array) {
    this.#piece = piece;
  }

  /** Where to read next, after `bytes` were read and put into the stream. */
  roomAfter(bytes: number, socket: Socket): Uint8Array {
    if (socket.bytesWritten !== this.#requested) this.#answered = 0;
    this.#requested = socket.bytesWritten;
    this.#answered += bytes;
    if (this.#answered < HEAD_BYTES) this.#goOn(bytes);
    else this.#swap(socket.readableLength === bytes);
    return this.#piece.subarray(this.#at);
  }

  /** Nothing is overwritten: there may be a head among it. */
  #goOn(bytes: number): void {
    this.#at += bytes;
    if (this.#piece.length - this.#at >= LEAST_ROOM) return;
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#at = 0;
  }

  /** The other piece can be overwritten when all that came before the last read was taken. */
  #swap(isTaken: boolean): void {
    const free = isTaken ? this.#other : undefined;
    this.#other = this.#piece;
    this.#piece = free ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#at = 0;
  }
}
