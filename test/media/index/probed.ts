// What ffprobe says about a film: the judge of the index parsers.
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Chapter } from '../../../src/media/model/description.ts';
import { textOf } from '../../support/clips/ffmpeg.ts';

const Probed = Type.Object({
  packets: Type.Array(
    Type.Object({ pts: Type.Integer(), duration: Type.Optional(Type.Integer()), flags: Type.String() }),
  ),
  streams: Type.Array(Type.Object({ time_base: Type.String(), r_frame_rate: Type.String() })),
  format: Type.Object({ duration: Type.Optional(Type.String()) }),
  chapters: Type.Array(
    Type.Object({
      start_time: Type.String(),
      end_time: Type.String(),
      tags: Type.Optional(Type.Object({ title: Type.Optional(Type.String()) })),
    }),
  ),
});

/** Of the first video stream that is no picture; times in ticks. */
export interface ProbedFilm {
  timeBase: string;
  frameRate: string;
  keyframes: number[];
  /** Smallest time among the packets from each keyframe up to the next. */
  gopStarts: number[];
  endTicks: number;
  frameCount: number;
  durationSeconds: number;
  chapters: Chapter[];
}

export async function probe(path: string): Promise<ProbedFilm> {
  const entries = 'packet=pts,duration,flags:stream=time_base,r_frame_rate:format=duration:chapter';
  const args = ['-v', 'error', '-of', 'json', '-select_streams', 'V:0', '-show_chapters', '-show_entries', entries];
  const { packets, streams, format, chapters } = Value.Parse(
    Probed,
    JSON.parse(await textOf('ffprobe', [...args, path])),
  );
  return {
    timeBase: streams[0]?.time_base ?? '',
    frameRate: streams[0]?.r_frame_rate ?? '',
    ...groupsOf(packets),
    endTicks: Math.max(...packets.map(({ pts, duration }) => pts + (duration ?? 0))),
    frameCount: packets.length,
    durationSeconds: Number(format.duration),
    chapters: chapters.map(({ start_time, end_time, tags }) => ({
      startSeconds: Number(start_time),
      endSeconds: Number(end_time),
      title: tags?.title ?? '',
    })),
  };
}

function groupsOf(packets: Static<typeof Probed>['packets']): { keyframes: number[]; gopStarts: number[] } {
  const keyframes: number[] = [];
  const gopStarts: number[] = [];
  for (const { pts, flags } of packets) {
    if (flags.startsWith('K')) {
      keyframes.push(pts);
      gopStarts.push(pts);
    } else if (pts < (gopStarts.at(-1) ?? -Infinity)) {
      gopStarts[gopStarts.length - 1] = pts;
    }
  }
  return { keyframes, gopStarts };
}
