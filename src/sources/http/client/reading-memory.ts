// The memory that connections are read into: each has two buffers, used in turn, instead of a new one for every chunk. Allocation is the most
// expensive part of reading (it triggers garbage collection in V8), followed by short reads.
import type { OnReadOpts, Socket } from 'node:net';

const PIECE_BYTES = 256 * 1024;
/**
 * The parser keeps the chunks of a response head until the head is complete. It accepts 16 KiB of names and values, which are
 * 64 KiB on the wire when each has one byte only.
 */
const HEAD_BYTES = 128 * 1024;
/** The least free space in a buffer that is used for a read. */
const LEAST_ROOM = 16 * 1024;

/**
 * For the `onread` option of a socket: chunks arrive in its stream as usual, but each is valid only until the stream was read
 * twice more. So they must be consumed when they are passed on, as undici's parser does with all but the head.
 */
export function readingMemory(): OnReadOpts {
  const memories = new WeakMap<Socket, Memory>();
  let next: Uint8Array | undefined;
  return {
    /** Called when a socket is made, and right after each `callback`. */
    buffer: () => {
      const room = next ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
      next = undefined;
      return room;
    },
    callback(this: Socket, bytes: number, room: Uint8Array): boolean {
      const memory = memories.get(this) ?? new Memory(room);
      memories.set(this, memory);
      const isFlowing = this.push(room.subarray(0, bytes));
      next = memory.roomAfter(bytes, this);
      return isFlowing;
    },
  };
}

class Memory {
  #piece: Uint8Array;
  #other: Uint8Array | undefined;
  /** Offset of the next read in the buffer. */
  #at = 0;
  /** Bytes of requests that were sent; received bytes of the last response. */
  #requested = 0;
  #answered = 0;

  constructor(piece: Uint8Array) {
    this.#piece = piece;
  }

  /** The memory for the next read, after `bytes` were read and put into the stream. */
  roomAfter(bytes: number, socket: Socket): Uint8Array {
    if (socket.bytesWritten !== this.#requested) this.#answered = 0;
    this.#requested = socket.bytesWritten;
    this.#answered += bytes;
    if (this.#answered < HEAD_BYTES) this.#append(bytes);
    else this.#swap(socket.readableLength === bytes);
    return this.#piece.subarray(this.#at);
  }

  /** Overwrites nothing: the bytes may be part of a head. */
  #append(bytes: number): void {
    this.#at += bytes;
    if (this.#piece.length - this.#at >= LEAST_ROOM) return;
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#at = 0;
  }

  /** The other buffer can be overwritten when everything before the last read was consumed. */
  #swap(isTaken: boolean): void {
    const free = isTaken ? this.#other : undefined;
    this.#other = this.#piece;
    this.#piece = free ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#at = 0;
  }
}
