// One CMAF media segment from a run of samples: `moof` and `mdat`, a pure function of its input.
//
// Decode times are derived from the segment's presentation times alone, not from the container (`decode-schedule.ts`). Composition offsets give
// the presentation time of each sample. So segments made in any order by any worker join without gap or overlap.
import type { Sample, SampleRun } from '../model/samples.ts';
import { sampleTiming, type SampleTiming } from './decode-schedule.ts';

export interface MediaSegmentOptions {
  /** The sequence number in `mfhd`: the number of the segment plus one. */
  sequenceNumber: number;
  trackId: number;
  /** Times in the timescale of the init section. */
  run: SampleRun;
  /** Writes `styp` first (ISO/IEC 14496-12 8.16.2). HLS does not need it. */
  withSegmentType?: boolean;
}

const SYNC = 0x02000000; // sample_depends_on = 2: an I picture
const NOT_SYNC = 0x01010000; // sample_depends_on = 1, sample_is_non_sync_sample
const TFHD = { defaultSampleFlags: 0x20, durationIsEmpty: 0x010000, defaultBaseIsMoof: 0x020000 } as const;
const TRUN = { dataOffset: 0x1, duration: 0x100, size: 0x200, flags: 0x400, compositionOffset: 0x800 } as const;
const SEGMENT_TYPE = Buffer.from('\0\0\0\x18stypmsdh\0\0\0\0msdhcmfs', 'latin1');

/**
 * A media segment of one track, one `moof` + `mdat` pair, in parts to be written one after the other: the bytes of samples are not copied.
 * The durations fill `[run.start, run.end)` for any times of the samples; composition offsets keep each frame at its own time.
 * An empty run gives a valid fragment without samples (`duration-is-empty`).
 * @throws TypeError when a time or a size does not fit the format
 */
export function mediaSegment(options: MediaSegmentOptions): Uint8Array[] {
  const { samples } = options.run;
  const timing = sampleTiming(options.run);
  const allSync = samples.every((sample) => sample.isSync);
  const withOffsets = timing.compositionOffsets.some((offset) => offset !== 0);
  const fields = TRUN.duration | TRUN.size | (allSync ? 0 : TRUN.flags) | (withOffsets ? TRUN.compositionOffset : 0);

  let mediaBytes = 0;
  for (const sample of samples) mediaBytes += sample.data.length;
  const typeBytes = options.withSegmentType ? SEGMENT_TYPE.length : 0;
  const trunBytes = samples.length === 0 ? 0 : 20 + samples.length * sampleEntryBytes(fields);
  const tfhdBytes = allSync ? 20 : 16;
  const trafBytes = 8 + tfhdBytes + 20 + trunBytes;
  const moofBytes = 8 + 16 + trafBytes;
  const mdatBytes = 8 + mediaBytes;
  if (mdatBytes > 0xffffffff) throw new TypeError(`a segment of ${mediaBytes} bytes does not fit one mdat`);

  const out = Buffer.allocUnsafe(typeBytes + moofBytes + 8);
  let at = options.withSegmentType ? SEGMENT_TYPE.copy(out, 0) : 0;
  at = writeHead(out, at, { type: 'moof', size: moofBytes });
  at = writeHead(out, at, { type: 'mfhd', size: 16 });
  at = out.writeUInt32BE(0, at);
  at = out.writeUInt32BE(options.sequenceNumber, at);
  at = writeHead(out, at, { type: 'traf', size: trafBytes });
  at = writeTrackHeader(out, at, { trackId: options.trackId, size: tfhdBytes, allSync, isEmpty: samples.length === 0 });
  at = writeHead(out, at, { type: 'tfdt', size: 20 });
  at = out.writeUInt32BE(0x01000000, at);
  at = out.writeBigUInt64BE(BigInt(timing.decodeTime), at);
  if (samples.length > 0) {
    at = writeHead(out, at, { type: 'trun', size: trunBytes });
    at = writeRun(out, at, { samples, timing, fields, dataOffset: moofBytes + 8 });
  }
  writeHead(out, at, { type: 'mdat', size: mdatBytes });
  return [out, ...samples.map((sample) => sample.data)];
}

function sampleEntryBytes(fields: number): number {
  return 8 + (fields & TRUN.flags ? 4 : 0) + (fields & TRUN.compositionOffset ? 4 : 0);
}

function writeHead(out: Buffer, at: number, head: { type: string; size: number }): number {
  out.writeUInt32BE(head.size, at);
  out.write(head.type, at + 4, 'latin1');
  return at + 8;
}

function writeTrackHeader(
  out: Buffer,
  at: number,
  head: { trackId: number; size: number; allSync: boolean; isEmpty: boolean },
): number {
  let flags: number = TFHD.defaultBaseIsMoof;
  if (head.allSync) flags |= TFHD.defaultSampleFlags;
  if (head.isEmpty) flags |= TFHD.durationIsEmpty;
  let next = writeHead(out, at, { type: 'tfhd', size: head.size });
  next = out.writeUInt32BE(flags, next);
  next = out.writeUInt32BE(head.trackId, next);
  return head.allSync ? out.writeUInt32BE(SYNC, next) : next;
}

function writeRun(
  out: Buffer,
  at: number,
  run: { samples: Sample[]; timing: SampleTiming; fields: number; dataOffset: number },
): number {
  const { samples, timing, fields } = run;
  let next = out.writeUInt32BE((0x01000000 | TRUN.dataOffset | fields) >>> 0, at);
  next = out.writeUInt32BE(samples.length, next);
  next = out.writeUInt32BE(run.dataOffset, next);
  for (const [index, sample] of samples.entries()) {
    next = out.writeUInt32BE(timing.durations[index] ?? 0, next);
    next = out.writeUInt32BE(sample.data.length, next);
    if (fields & TRUN.flags) next = out.writeUInt32BE(sample.isSync ? SYNC : NOT_SYNC, next);
    if (fields & TRUN.compositionOffset) next = out.writeInt32BE(timing.compositionOffsets[index] ?? 0, next);
  }
  return next;
}
