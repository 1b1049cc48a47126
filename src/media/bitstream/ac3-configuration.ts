// Makes the contents of `dac3` and `dec3` from a frame: only MP4 stores them (ETSI TS 102 366 Annex F, headers of 4.3 and E.1.2).
import { AppError } from '../../base/app-error.ts';
import { BitReader } from './bit-reader.ts';

const SYNC_WORD = 0x0b77;
const SAMPLE_RATES = [48000, 44100, 32000] as const;
const BLOCKS = [1, 2, 3, 6] as const;
const DEPENDENT = 1;

/** The 3 bytes of `dac3` from an AC-3 frame. @throws AppError NOT_MEDIA */
export function ac3Configuration(frame: Uint8Array): Buffer {
  const reader = new BitReader(frame.subarray(0, 16));
  if (reader.bits(16) !== SYNC_WORD) throw new AppError('NOT_MEDIA', 'This is no AC-3 frame');
  reader.skip(16); // crc1
  const [rateCode, sizeCode, streamId, mode, layout] = [
    reader.bits(2),
    reader.bits(6),
    reader.bits(5),
    reader.bits(3),
    reader.bits(3),
  ];
  if (rateCode === 3 || sizeCode > 37 || streamId > 10)
    throw new AppError('NOT_MEDIA', 'This AC-3 frame has a header that is not possible');
  if ((layout & 1) !== 0 && layout !== 1) reader.skip(2); // cmixlev
  if ((layout & 4) !== 0) reader.skip(2); // surmixlev
  if (layout === 2) reader.skip(2); // dsurmod
  const lfe = reader.bits(1);
  const value =
    (rateCode << 22) | (streamId << 17) | (mode << 14) | (layout << 11) | (lfe << 10) | ((sizeCode >> 1) << 5);
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}

interface Substream {
  rateCode: number;
  streamId: number;
  layout: number;
  lfe: number;
  dependents: number;
  /** chan_loc of the dependent substreams. */
  locations: number;
}

/** The bytes of `dec3` from one packet of E-AC-3: all substreams of one time. @throws AppError NOT_MEDIA */
export function eac3Configuration(packet: Uint8Array): Buffer {
  const independent: Substream[] = [];
  let kilobits = 0;
  let offset = 0;
  while (offset + 8 <= packet.length) {
    const header = readEac3Header(packet.subarray(offset, offset + 16));
    const last = independent.at(-1);
    if (header.type !== DEPENDENT) {
      if (header.substream < independent.length) break; // the next access unit begins
      independent.push({ ...header, dependents: 0, locations: 0 });
    } else if (last !== undefined) {
      last.dependents++;
      last.locations |= ((header.channelMap >> 5) & 0x1f) | ((header.channelMap & 0x10) << 4);
    }
    kilobits += header.kilobits;
    offset += header.bytes;
  }
  if (independent.length === 0) throw new AppError('NOT_MEDIA', 'This is no E-AC-3 packet');
  const head = (Math.min(0x1fff, Math.round(kilobits)) << 3) | (independent.length - 1);
  return Buffer.concat([Buffer.from([head >> 8, head & 0xff]), ...independent.map(substreamBytes)]);
}

function substreamBytes({ rateCode, streamId, layout, lfe, dependents, locations }: Substream): Buffer {
  const value = (rateCode << 22) | (streamId << 17) | (layout << 9) | (lfe << 8) | (dependents << 1);
  const bytes = [value >> 16, (value >> 8) & 0xff, (value & 0xff) | (dependents > 0 ? locations >> 8 : 0)];
  return Buffer.from(dependents > 0 ? [...bytes, locations & 0xff] : bytes);
}

function readEac3Header(frame: Uint8Array): Omit<Substream, 'dependents' | 'locations'> & {
  type: number;
  substream: number;
  bytes: number;
  channelMap: number;
  kilobits: number;
} {
  const reader = new BitReader(frame);
  if (reader.bits(16) !== SYNC_WORD) throw new AppError('NOT_MEDIA', 'This is no E-AC-3 frame');
  const [type, substream, bytes, rateCode, secondCode] = [
    reader.bits(2),
    reader.bits(3),
    (reader.bits(11) + 1) * 2,
    reader.bits(2),
    reader.bits(2),
  ];
  const [layout, lfe, streamId] = [reader.bits(3), reader.bits(1), reader.bits(5)];
  const fullRate = SAMPLE_RATES[rateCode] ?? (SAMPLE_RATES[secondCode] ?? 48000) / 2; // fscod 3: reduced rate, always 6 blocks
  const samples = 256 * (rateCode === 3 ? 6 : (BLOCKS[secondCode] ?? 6));
  for (let program = 0; program < (layout === 0 ? 2 : 1); program++) {
    reader.skip(5); // dialnorm
    if (reader.flag()) reader.skip(8); // compr
  }
  const channelMap = type === DEPENDENT && reader.flag() ? reader.bits(16) : 0;
  return {
    type,
    substream,
    bytes,
    rateCode,
    streamId,
    layout,
    lfe,
    channelMap,
    kilobits: (bytes * 8 * fullRate) / samples / 1000,
  };
}
