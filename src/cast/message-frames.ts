// Frames of CASTV2: four bytes of length, then a message. Pieces of a stream in, whole messages out.
import { AppError } from '../base/app-error.ts';

const LENGTH_BYTES = 4;
/** What Chromium's own senders and receivers allow. */
const MAX_MESSAGE_BYTES = 65_536;

export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** Never holds more than one message and one piece. */
export class MessageFrames {
  #pieces: Buffer[] = [];
  #size = 0;
  /** What is needed before there is something to do. */
  #wanted = LENGTH_BYTES;

  /** The messages that are whole now. @throws AppError DEVICE_FAILED for one that is too long */
  *push(piece: Buffer): Iterable<Buffer> {
    this.#pieces.push(piece);
    this.#size += piece.length;
    while (this.#size >= this.#wanted) {
      const waiting = Buffer.concat(this.#pieces);
      const end = LENGTH_BYTES + messageBytes(waiting);
      const isWhole = waiting.length >= end;
      this.#pieces = [isWhole ? waiting.subarray(end) : waiting];
      this.#size = isWhole ? waiting.length - end : waiting.length;
      this.#wanted = isWhole ? LENGTH_BYTES : end;
      if (isWhole) yield waiting.subarray(LENGTH_BYTES, end);
    }
  }
}

function messageBytes(waiting: Buffer): number {
  const bytes = waiting.readUInt32BE();
  if (bytes > MAX_MESSAGE_BYTES) throw new AppError('DEVICE_FAILED', 'The device sends a message that is too long.');
  return bytes;
}
