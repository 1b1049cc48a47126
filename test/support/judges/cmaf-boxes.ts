// Parses CMAF segments with a strict parser of the tests (ISO/IEC 14496-12), for segments of one track.
import assert from 'node:assert/strict';

export interface CmafTrack {
  timescale: number;
  /** Code of the sample entry: avc1, hvc1, mp4a, ... */
  sampleEntry: string;
  /** Media time at which the edit list starts, in ticks; 0 without an edit list. */
  mediaTime: number;
}

export interface CmafSample {
  decodeTime: number;
  /** Decode time plus composition offset. */
  pts: number;
  duration: number;
  isSync: boolean;
  data: Buffer;
}

export interface CmafSegment {
  sequenceNumber: number;
  decodeTime: number;
  /** Sum over all samples. */
  duration: number;
  samples: CmafSample[];
}

interface Box {
  type: string;
  body: Buffer;
  /** Start of the whole box in the parsed bytes. */
  start: number;
}

const TFHD_OPTIONAL = [0x1, 0x2, 0x8, 0x10, 0x20] as const;

export function parseInit(bytes: Buffer): CmafTrack {
  const track = child(child(boxesOf(bytes), 'moov'), 'trak');
  const media = child(track, 'mdia');
  const mdhd = only(media, 'mdhd').body;
  const sampleTable = child(child(media, 'minf'), 'stbl');
  return {
    timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12),
    sampleEntry: only(sampleTable, 'stsd').body.toString('latin1', 12, 16),
    mediaTime: track.some(({ type }) => type === 'edts') ? only(child(track, 'edts'), 'elst').body.readInt32BE(12) : 0,
  };
}

export function parseSegment(bytes: Buffer): CmafSegment {
  const top = boxesOf(bytes);
  assert.deepEqual(
    top.map(({ type }) => type).filter((type) => type !== 'styp'),
    ['moof', 'mdat'],
  );
  const moof = only(top, 'moof');
  const inside = boxesOf(moof.body);
  const track = child(inside, 'traf');
  const tfdt = only(track, 'tfdt').body;
  assert.equal(tfdt[0], 1, 'a decode time of 64 bits');
  const decodeTime = Number(tfdt.readBigUInt64BE(4));
  const samples = samplesOf(bytes, { moof, track, decodeTime });
  const duration = samples.reduce((sum, sample) => sum + sample.duration, 0);
  return { sequenceNumber: only(inside, 'mfhd').body.readUInt32BE(4), decodeTime, duration, samples };
}

/** Type of the first NAL unit of an H.264 picture, in a sample with four-byte lengths. Parameter sets and SEI are skipped. */
export function pictureNalType(sample: Buffer): number | undefined {
  for (let at = 0; at + 5 <= sample.length; at += 4 + sample.readUInt32BE(at)) {
    const type = sample.readUInt8(at + 4) & 0x1f;
    if (type >= 1 && type <= 5) return type;
  }
  return undefined;
}

function samplesOf(
  bytes: Buffer,
  { moof, track, decodeTime }: { moof: Box; track: Box[]; decodeTime: number },
): CmafSample[] {
  const defaults = defaultsOf(only(track, 'tfhd').body);
  const run = track.find(({ type }) => type === 'trun')?.body;
  if (run === undefined) return [];
  const flags = run.readUInt32BE(0) & 0xffffff;
  const count = run.readUInt32BE(4);
  let at = 8;
  const next = (): number => run.readUInt32BE((at += 4) - 4);
  assert.ok(flags & 0x1, 'the data offset is written');
  let data = moof.start + next();
  const firstFlags = flags & 0x4 ? next() : undefined;
  let time = decodeTime;
  return Array.from({ length: count }, (_, index) => {
    const duration = flags & 0x100 ? next() : defaults.duration;
    const size = flags & 0x200 ? next() : defaults.size;
    const sampleFlags = flags & 0x400 ? next() : ((index === 0 ? firstFlags : undefined) ?? defaults.flags);
    const offset = flags & 0x800 ? run.readInt32BE((at += 4) - 4) : 0;
    assert.ok(duration !== undefined && size !== undefined);
    const sample = {
      decodeTime: time,
      pts: time + offset,
      duration,
      isSync: ((sampleFlags ?? 0) & 0x10000) === 0,
      data: bytes.subarray(data, data + size),
    };
    assert.equal(sample.data.length, size, 'the sample lies inside the segment');
    data += size;
    time += duration;
    return sample;
  });
}

function defaultsOf(tfhd: Buffer): { duration?: number; size?: number; flags?: number } {
  const flags = tfhd.readUInt32BE(0) & 0xffffff;
  const values = new Map<number, number>();
  let at = 8;
  for (const flag of TFHD_OPTIONAL) {
    if ((flags & flag) === 0) continue;
    if (flag === 0x1) at += 8;
    else values.set(flag, tfhd.readUInt32BE((at += 4) - 4));
  }
  const [duration, size, sampleFlags] = [values.get(0x8), values.get(0x10), values.get(0x20)];
  return {
    ...(duration === undefined ? {} : { duration }),
    ...(size === undefined ? {} : { size }),
    ...(sampleFlags === undefined ? {} : { flags: sampleFlags }),
  };
}

function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32BE(at);
    assert.ok(size >= 8 && at + size <= bytes.length, `a box of ${size} bytes at ${at} of ${bytes.length}`);
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), body: bytes.subarray(at + 8, at + size), start: at });
    at += size;
  }
  return boxes;
}

function only(boxes: readonly Box[], type: string): Box {
  const found = boxes.filter((box) => box.type === type);
  const [box] = found;
  assert.ok(box !== undefined && found.length === 1, `one ${type}, not ${found.length}`);
  return box;
}

function child(boxes: readonly Box[], type: string): Box[] {
  return boxesOf(only(boxes, type).body);
}
