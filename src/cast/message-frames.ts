// Frames of CASTV2: four bytes of length, then a message. Chunks of a stream in, complete messages out.
import { AppError } from '../base/app-error.ts';

const LENGTH_BYTES = 4;
/** Limit of Chromium's senders and receivers. */
const MAX_MESSAGE_BYTES = 65_536;

export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** Holds at most one message and one chunk. */
export class MessageFrames {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes needed for the next step: the length, or the whole frame. */
  #neededBytes = LENGTH_BYTES;

  /** Takes a chunk; yields the messages that it completes. @throws AppError DEVICE_FAILED for a message that is too long */
  *push(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#neededBytes) {
      const waiting = Buffer.concat(this.#chunks);
      const end = LENGTH_BYTES + messageBytes(waiting);
      const isComplete = waiting.length >= end;
      this.#chunks = [isComplete ? waiting.subarray(end) : waiting];
      this.#size = isComplete ? waiting.length - end : waiting.length;
      this.#neededBytes = isComplete ? LENGTH_BYTES : end;
      if (isComplete) yield waiting.subarray(LENGTH_BYTES, end);
    }
  }
}

function messageBytes(waiting: Buffer): number {
  const bytes = waiting.readUInt32BE();
  if (bytes > MAX_MESSAGE_BYTES) throw new AppError('DEVICE_FAILED', 'The device sends a message that is too long');
  return bytes;
}
