// Content codings (RFC 9110 section 8.4.1): detects which of the claimed codings a body really has, and decodes it.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { hasErrno } from '../../../base/errno.ts';
import { MIB } from '../../../base/units.ts';

import { AppError } from '../../../base/app-error.ts';
import { ignore } from './notifier.ts';

export type Coding = keyof typeof CODINGS;

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = zlib.constants;

/** The decoders of each coding: for a whole body, for a stream, and for the beginning of a body. */
const CODINGS = {
  gzip: {
    decode: promisify(zlib.gunzip),
    stream: zlib.createGunzip,
    begin: (bytes: Uint8Array) => zlib.gunzipSync(bytes, { ...BEGINNING, finishFlush: Z_SYNC_FLUSH }),
  },
  deflate: {
    decode: promisify(zlib.inflate),
    stream: zlib.createInflate,
    begin: (bytes: Uint8Array) => zlib.inflateSync(bytes, { ...BEGINNING, finishFlush: Z_SYNC_FLUSH }),
  },
  /** `deflate` of servers that omit the zlib wrapper. */
  'raw deflate': {
    decode: promisify(zlib.inflateRaw),
    stream: zlib.createInflateRaw,
    begin: (bytes: Uint8Array) => zlib.inflateRawSync(bytes, { ...BEGINNING, finishFlush: Z_SYNC_FLUSH }),
  },
  br: {
    decode: promisify(zlib.brotliDecompress),
    stream: zlib.createBrotliDecompress,
    begin: (bytes: Uint8Array) =>
      zlib.brotliDecompressSync(bytes, { ...BEGINNING, finishFlush: BROTLI_OPERATION_FLUSH }),
  },
  zstd: {
    decode: promisify(zlib.zstdDecompress),
    stream: zlib.createZstdDecompress,
    begin: (bytes: Uint8Array) => zlib.zstdDecompressSync(bytes, { ...BEGINNING, finishFlush: ZSTD_e_flush }),
  },
} as const;

const BEGINNING = { maxOutputLength: 4 * MIB } as const;
const BEGINNING_BYTES = 4096;

/**
 * Other values are ignored: `identity`, `none`, `binary`, `utf-8`, `aws-chunked`, or an empty one. Object stores return
 * the value that a file was uploaded with.
 */
const NAMES: ReadonlyMap<string, readonly Coding[]> = new Map([
  ['gzip', ['gzip']],
  ['x-gzip', ['gzip']],
  ['deflate', ['deflate', 'raw deflate']],
  ['br', ['br']],
  ['zstd', ['zstd']],
] as const);

/** A server that compresses a compressed file again makes two layers. */
const MOST_LAYERS = 3;

/**
 * The outermost coding, detected from the beginning of the body; `values` are those of `Content-Encoding`.
 * Undefined: the bytes are plain, whatever the server claims.
 */
export function codingOf(head: Uint8Array, values: readonly string[]): Coding | undefined {
  const names = values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase());
  const claimed = names.flatMap((name) => NAMES.get(name) ?? []);
  return claimed.find((coding) => beginningOf(head, coding) !== undefined);
}

/** The first bytes of a text with its codings removed: those that the server claims, and gzip even if it claims none. */
export function plainBeginning(head: Uint8Array, values: readonly string[]): Uint8Array {
  let plain = head;
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const coding = codingOf(plain, [...values, 'gzip']);
    if (coding === undefined) break;
    plain = beginningOf(plain, coding) ?? plain;
  }
  return plain;
}

/** The decoded first bytes; undefined when the bytes do not have the coding. */
function beginningOf(head: Uint8Array, coding: Coding): Uint8Array | undefined {
  try {
    const bytes = CODINGS[coding].begin(head.subarray(0, BEGINNING_BYTES));
    return bytes.length > 0 ? bytes : undefined;
  } catch (error) {
    // A decompression bomb: half of the input is tried.
    return isTooLarge(error)
      ? beginningOf(head.subarray(0, Math.min(head.length, BEGINNING_BYTES) / 2), coding)
      : undefined;
  }
}

export interface DecodeLimits {
  maxBytes: number;
  /** Thrown when the result is larger. */
  tooLarge: AppError;
}

/**
 * A whole text with its codings removed, as {@link plainBeginning}.
 * @throws `tooLarge`; AppError SOURCE_FAILED when the bytes are damaged
 */
export async function decodedText(
  bytes: Uint8Array,
  values: readonly string[],
  { maxBytes, tooLarge }: DecodeLimits,
): Promise<Uint8Array> {
  let plain = bytes;
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const coding = codingOf(plain, [...values, 'gzip']);
    if (coding === undefined) return plain;
    try {
      plain = await CODINGS[coding].decode(plain, { maxOutputLength: maxBytes });
    } catch (error) {
      if (isTooLarge(error)) throw tooLarge;
      throw new AppError('SOURCE_FAILED', 'The server sent a compressed file that is damaged', { cause: error });
    }
  }
  return plain;
}

/** Decodes a body of any length as a stream. Leaving the loop leaves the body. */
export async function* decodedBody(
  body: AsyncIterable<Uint8Array>,
  coding: Coding,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = CODINGS[coding].stream();
  const fed = pipeline(Readable.from(body), decoder);
  fed.catch(ignore);
  try {
    for await (const chunk of decoder) if (chunk instanceof Uint8Array) yield chunk;
    await fed;
  } finally {
    decoder.destroy();
    await fed.catch(ignore);
  }
}

function isTooLarge(error: unknown): boolean {
  return hasErrno(error, 'ERR_BUFFER_TOO_LARGE');
}
