// One MPEG-TS media segment (RFC 8216 3.2) with H.264 and AAC, a pure function of its runs: segments made in any order join without
// a gap in time or in continuity counters.
import { rescale } from '../../base/rational.ts';
import { adtsHeaderWriter, ADTS_HEADER_BYTES } from '../bitstream/adts.ts';
import { parseAudioSpecificConfig } from '../bitstream/audio-specific-config.ts';
import { H264_NAL, isAccessUnitDelimiter, nalType, sampleUnits } from '../bitstream/nal-units.ts';
import type { Sample, SampleRun } from '../model/samples.ts';
import { decodeTimes } from './decode-times.ts';
import { closeContinuity, PES_COUNTER_CYCLE, type PesPayload, type PesUnit, pesUnit, writePes } from './pes.ts';
import { PACKET_BYTES, PID, programTables } from './program-tables.ts';

export interface TsVideo {
  codec: 'h264';
  run: SampleRun;
  /** SPS and PPS units without start codes, in this order; written before keyframes that have none. */
  parameterSets: readonly Uint8Array[];
  /** D of `decodeTimes`, 90 kHz: `reorderDepth` frames, a constant of the source. */
  reorderTicks: number;
}

export interface TsAudio {
  run: SampleRun;
  /** AudioSpecificConfig. */
  configuration: Uint8Array;
}

export interface TsSegmentOptions {
  video?: TsVideo;
  audio?: TsAudio;
  /** Whether it is the first segment of the presentation. */
  isFirst: boolean;
}

const TICKS_PER_SECOND = 90000;
/** The presentation's time zero in the stream: high enough that no DTS or PCR is negative. */
const START_TICKS = 10 * TICKS_PER_SECOND;
/** How long before its decode time a frame is sent, 100 ms. */
const PCR_LEAD_TICKS = TICKS_PER_SECOND / 10;
const STREAM_ID = { video: 0xe0, audio: 0xc0 } as const;
const ACCESS_UNIT_DELIMITER = Buffer.from([H264_NAL.accessUnitDelimiter, 0xf0]); // any slice type

/**
 * PAT, PMT, then the frames: audio precedes the video frame whose DTS is at or after its PTS. The PCR is on video, without video on audio.
 * @throws AppError UNSUPPORTED_MEDIA for AAC that ADTS cannot carry, NOT_MEDIA for a broken AudioSpecificConfig
 * @throws TypeError without video and audio
 */
export function tsSegment({ video, audio, isFirst }: TsSegmentOptions): Buffer {
  if (video === undefined && audio === undefined) throw new TypeError('a segment needs video or audio');
  const videoPes = video === undefined ? [] : videoUnits(video, isFirst);
  const audioPes = audio === undefined ? [] : audioUnits(audio, video === undefined);
  closeContinuity(videoPes);
  closeContinuity(audioPes);
  const units = interleave(videoPes, audioPes);
  const packets = units.reduce((sum, unit) => sum + unit.packets, 2 * PES_COUNTER_CYCLE);
  const out = Buffer.allocUnsafe(packets * PACKET_BYTES);
  const tables = programTables({ hasVideo: video !== undefined, hasAudio: audio !== undefined });

  const counters = new Map<number, number>();
  let at = 0;
  let tablesWritten = 0;
  const writeTablesUpTo = (count: number): void => {
    for (; tablesWritten < count; tablesWritten++) at = writeTables(out, { at, tables, counter: tablesWritten });
  };
  for (const [index, unit] of units.entries()) {
    // The tables are written 16 times, evenly spread, the first time before the first frame
    writeTablesUpTo(Math.ceil((PES_COUNTER_CYCLE * (index + 1)) / units.length));
    const counter = counters.get(unit.pid) ?? 0;
    at = writePes(out, unit, { start: at, counter });
    counters.set(unit.pid, counter + unit.packets);
  }
  writeTablesUpTo(PES_COUNTER_CYCLE);
  return out;
}

function videoUnits({ run, parameterSets, reorderTicks }: TsVideo, isFirst: boolean): PesUnit[] {
  const pts = run.samples.map((sample) => wireTicks(sample.pts, run.timescale));
  const dts = decodeTimes({ pts, reorderTicks, isFirst });
  return run.samples.map((sample, index) => {
    const time = dts[index] ?? 0;
    return pesUnit({
      pid: PID.video,
      streamId: STREAM_ID.video,
      pts: pts[index] ?? 0,
      dts: time,
      pcr: time - PCR_LEAD_TICKS,
      isRandomAccess: sample.isSync,
      payload: accessUnit(sample, sample.isSync || index === 0 ? parameterSets : []),
    });
  });
}

/** The sample as a byte stream: delimiter, parameter sets unless it has its own, its units. */
function accessUnit(sample: Sample, parameterSets: readonly Uint8Array[]): PesPayload {
  const own = sampleUnits(sample.data).filter((unit) => !isAccessUnitDelimiter('h264', nalType('h264', unit)));
  const hasParameterSets = own.some((unit) => nalType('h264', unit) === H264_NAL.sps);
  const units = [ACCESS_UNIT_DELIMITER, ...(hasParameterSets ? [] : parameterSets), ...own];
  return {
    bytes: units.reduce((sum, unit) => sum + 4 + unit.length, 0),
    write: (out, offset) => {
      let at = offset;
      for (const unit of units) {
        out.writeUInt32BE(1, at);
        out.set(unit, at + 4);
        at += 4 + unit.length;
      }
    },
  };
}

function audioUnits({ run, configuration }: TsAudio, withClock: boolean): PesUnit[] {
  const adtsHeader = adtsHeaderWriter(parseAudioSpecificConfig(configuration));
  return run.samples.map(({ data, pts }) => {
    const time = wireTicks(pts, run.timescale);
    const header = adtsHeader(data.length);
    return pesUnit({
      pid: PID.audio,
      streamId: STREAM_ID.audio,
      pts: time,
      dts: time,
      pcr: withClock ? time - PCR_LEAD_TICKS : undefined,
      isRandomAccess: withClock,
      payload: {
        bytes: ADTS_HEADER_BYTES + data.length,
        write: (out, offset) => {
          out.set(header, offset);
          out.set(data, offset + ADTS_HEADER_BYTES);
        },
      },
    });
  });
}

function interleave(videoPes: readonly PesUnit[], audioPes: readonly PesUnit[]): PesUnit[] {
  const units: PesUnit[] = [];
  let next = 0;
  for (const frame of videoPes) {
    for (let unit = audioPes[next]; unit !== undefined && unit.pts <= frame.dts; unit = audioPes[++next])
      units.push(unit);
    units.push(frame);
  }
  return [...units, ...audioPes.slice(next)];
}

function writeTables(out: Buffer, target: { at: number; tables: Buffer; counter: number }): number {
  target.tables.copy(out, target.at);
  for (const packet of [target.at, target.at + PACKET_BYTES]) out[packet + 3] = 0x10 | target.counter;
  return target.at + 2 * PACKET_BYTES;
}

function wireTicks(ticks: number, timescale: number): number {
  return START_TICKS + rescale(ticks, { num: 1, den: timescale }, TICKS_PER_SECOND);
}
