// Real clips made with the ffmpeg command line, and their packets from the demuxer: input and reference of the packager tests.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatContext, Packet } from 'node-av/lib';
import type { Sample } from '../../../src/media/model/samples.ts';

export interface ClipStream {
  /** 0: video, 1: audio, as AVMEDIA_TYPE of libav. */
  mediaType: number;
  /** Codec string in libav's form. */
  codecString: string | null;
  extradata: Buffer;
  width: number;
  height: number;
  sampleRate: number;
  channels: number;
  /** Ticks per second; the time base of every clip is `1 / n`. */
  timescale: number;
  /** In decode order, with the times and data of the file. */
  samples: Sample[];
  /** Decode time of each packet as the demuxer states it. */
  dts: number[];
}

/** A directory that is removed when the test file ends. */
export function clipDirectory(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'packaging-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Makes a clip. @throws Error with ffmpeg's messages */
export function makeClip(path: string, ffmpegArguments: string): string {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...ffmpegArguments.split(' '), path], { stdio: 'pipe' });
  return path;
}

export function readClip(path: string): ClipStream[] {
  const format = new FormatContext();
  try {
    if (format.openInputSync(path) < 0) throw new Error(`cannot open ${path}`);
    format.findStreamInfoSync();
    const streams = format.streams.map((stream): ClipStream => {
      const parameters = stream.codecpar;
      return {
        mediaType: parameters.codecType,
        codecString: parameters.getCodecString(),
        extradata: Buffer.from(parameters.extradata ?? []),
        width: parameters.width,
        height: parameters.height,
        sampleRate: parameters.sampleRate,
        channels: parameters.channels,
        timescale: stream.timeBase.den / stream.timeBase.num,
        samples: [],
        dts: [],
      };
    });
    const packet = new Packet();
    packet.alloc();
    while (format.readFrameSync(packet) >= 0) {
      const stream = streams[packet.streamIndex];
      stream?.samples.push({
        data: Buffer.from(packet.data ?? []),
        pts: Number(packet.pts),
        isSync: packet.isKeyframe,
      });
      stream?.dts.push(Number(packet.dts));
      packet.unref();
    }
    packet.free();
    return streams;
  } finally {
    format.closeInputSync();
  }
}

/** The stream. @throws Error that names the missing stream */
export function streamOf(streams: ClipStream[], mediaType: 'video' | 'audio'): ClipStream {
  const found = streams.find((stream) => stream.mediaType === (mediaType === 'video' ? 0 : 1));
  if (found === undefined) throw new Error(`no ${mediaType} stream`);
  return found;
}

/** Hash of every decoded frame, in order of presentation, and ffmpeg's messages. */
export function decodedFrames(
  path: string,
  selector: 'v' | 'a',
  inputOptions: string[] = [],
): { hashes: string[]; messages: string } {
  const run = spawnSync(
    'ffmpeg',
    [
      '-v',
      'warning',
      ...inputOptions,
      '-i',
      path,
      '-map',
      `0:${selector}`,
      '-fps_mode',
      'passthrough',
      '-f',
      'framemd5',
      '-',
    ],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  const lines = run.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { hashes: lines.map((line) => line.split(',').at(-1)?.trim() ?? ''), messages: run.stderr };
}

/** Packets as ffprobe lists them. */
export function probedPackets(path: string, selector: 'v' | 'a'): { pts: number; dts: number; isSync: boolean }[] {
  const text = execFileSync(
    'ffprobe',
    ['-v', 'error', '-select_streams', selector, '-show_entries', 'packet=pts,dts,flags', '-of', 'csv=p=0', path],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pts, dts, flags] = line.split(',');
      return { pts: Number(pts), dts: Number(dts), isSync: (flags ?? '').startsWith('K') };
    });
}

/** Fields of the only stream of a file, with ffprobe's names; unknown fields are omitted. */
export function probedStream(path: string, fields: string): Record<string, string> {
  const text = execFileSync(
    'ffprobe',
    ['-v', 'error', '-show_entries', `stream=${fields}`, '-of', 'default=nw=1', path],
    {
      encoding: 'utf8',
    },
  );
  const pairs = text
    .split('\n')
    .map((line): [string, string] => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs.filter(([name, value]) => name !== '' && value !== 'unknown' && value !== 'N/A'));
}
