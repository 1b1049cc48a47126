// Makes the file of a plan: the streams come from the cache, ffmpeg muxes them, and boxes and parts are reordered as planned.
import { readFile, rm, writeFile } from 'node:fs/promises';

import { made } from '../clips/clip-cache.ts';
import { run } from '../clips/ffmpeg.ts';
import { codedPictures } from '../clips/coded-picture.ts';
import { withEdits, type Edit } from '../clips/edit-lists.ts';
import { joinedByEntries } from '../clips/sample-entries.ts';
import { audioName, RATE, SMALL, streamRecipes, videoName } from './elementary-streams.ts';
import type { Container, FilmPlan } from './film-plan.ts';
import { EDIT_SPANS, EMPTY_EDIT_SECONDS, partsOf, STILL_NUMBER, type Part } from './planned-film.ts';

/** Start of clocks that wrap: two seconds before the 33-bit clock of 90 kHz wraps to 0. */
const BEFORE_WRAP_SECONDS = 2 ** 33 / 90_000 - 2;
const FIRST_CLOCK_SECONDS = 10;
const HOURS_SECONDS = 7200;

export const FORMATS: Record<Container, { extension: string; options: readonly string[] }> = {
  mp4: { extension: 'mp4', options: ['-f', 'mp4'] },
  'mp4-fragmented': {
    extension: 'mp4',
    options: ['-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov+delay_moov+default_base_moof'],
  },
  mov: { extension: 'mov', options: ['-f', 'mov'] },
  mkv: { extension: 'mkv', options: ['-f', 'matroska'] },
  webm: { extension: 'webm', options: ['-f', 'webm'] },
  ts: { extension: 'ts', options: ['-f', 'mpegts', '-muxdelay', '0', '-muxpreload', '0'] },
  m2ts: {
    extension: 'm2ts',
    options: ['-f', 'mpegts', '-mpegts_m2ts_mode', '1', '-muxdelay', '0', '-muxpreload', '0'],
  },
  mpg: { extension: 'mpg', options: ['-f', 'mpeg'] },
  vob: { extension: 'vob', options: ['-f', 'vob'] },
  avi: { extension: 'avi', options: ['-f', 'avi'] },
  flv: { extension: 'flv', options: ['-f', 'flv'] },
  nut: { extension: 'nut', options: ['-f', 'nut'] },
  ogg: { extension: 'ogg', options: ['-f', 'ogg'] },
};

/** Writes the file to `path`. */
export async function makeFilm(plan: FilmPlan, path: string): Promise<void> {
  const parts = partsOf(plan);
  const pieces: Buffer[] = [];
  for (const [index, part] of parts.entries()) {
    const piece = parts.length === 1 ? path : `${path}.${index}`;
    await muxPart(plan, { part, index, path: piece });
    if (parts.length === 1) continue;
    pieces.push(await readFile(piece));
    await rm(piece);
  }
  const [first, second] = pieces;
  if (first !== undefined && second !== undefined) {
    const isTable = plan.join === 'entry-changes' || plan.join === 'entry-and-size-change';
    await writeFile(path, isTable ? joinedByEntries(first, second, TICKS_PER_FRAME) : Buffer.concat([first, second]));
  }
  if (plan.edits !== 'none') await writeFile(path, withEdits(await readFile(path), editsOf(plan)));
}

const MP4_TIMESCALE = 12_800;
const TICKS_PER_FRAME = MP4_TIMESCALE / RATE;

function editsOf({ edits }: FilmPlan): Edit[] {
  const shown: Edit[] = [...EDIT_SPANS[edits]];
  return edits === 'empty' ? [{ emptySeconds: EMPTY_EDIT_SECONDS }, ...shown] : shown;
}

async function muxPart(
  plan: FilmPlan,
  { part, index, path }: { part: Part; index: number; path: string },
): Promise<void> {
  const book = streamRecipes(part.videos, part.audios);
  const videos = await Promise.all(part.videos.map((stream) => made(book, videoName(stream))));
  const audios = await Promise.all(part.audios.map((stream) => made(book, audioName(stream))));
  const [videoAt, audioAt] = offsetsOf(plan);
  const still = plan.tracks === 'still-first' ? [await stillPath()] : [];
  const inputs = [
    ...still.map((source) => ({ source, at: 0, kind: 'v' })),
    ...videos.map((source) => ({ source, at: videoAt, kind: 'v' })),
    ...audios.map((source) => ({ source, at: audioAt, kind: 'a' })),
  ];
  const order = [...inputs.keys()];
  if (plan.tracks === 'audio-video') order.reverse();
  await run('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...inputs.flatMap(({ source, at }) => ['-itsoffset', String(at), '-i', source]),
    ...order.flatMap((input) => ['-map', `${input}:${inputs[input]?.kind ?? 'v'}`]),
    ...[
      '-c',
      'copy',
      '-strict',
      '-2',
      ...filters(plan),
      ...dispositions(plan),
      ...clockOptions(plan, index),
      ...FORMATS[plan.container].options,
      path,
    ],
  ]);
}

function offsetsOf({ start }: FilmPlan): readonly [video: number, audio: number] {
  if (start.kind === 'video-late') return [start.seconds, 0];
  if (start.kind === 'audio-late') return [0, start.seconds];
  if (start.kind === 'negative') return [-1, -1];
  return [0, 0];
}

function clockOptions(plan: FilmPlan, index: number): string[] {
  if (plan.start.kind === 'both-late') return ['-output_ts_offset', '37'];
  if (plan.start.kind === 'near-wrap') return ['-output_ts_offset', String(BEFORE_WRAP_SECONDS)];
  if (plan.start.kind === 'negative' || isMovedOffTicks(plan)) return ['-avoid_negative_ts', 'disabled'];
  if (plan.join.startsWith('entry')) return ['-video_track_timescale', String(MP4_TIMESCALE)];
  if (plan.join === 'none') return [];
  const second = {
    'clock-restarts': FIRST_CLOCK_SECONDS,
    'clock-jumps-hours': FIRST_CLOCK_SECONDS + HOURS_SECONDS,
    'clock-jumps-back': FIRST_CLOCK_SECONDS - 3,
  };
  const goesOn = FIRST_CLOCK_SECONDS + plan.videoSeconds;
  const at = Object.entries(second).find(([join]) => join === plan.join)?.[1] ?? goesOn;
  return ['-output_ts_offset', String(index === 0 ? FIRST_CLOCK_SECONDS : at)];
}

/** Frames shifted by the priming of the audio would lie between two ticks of AVI; streams with B-frames are shifted by whole frames. */
function isMovedOffTicks({ container, video }: FilmPlan): boolean {
  return container === 'avi' && video !== 'mpeg4-b' && video !== 'mpeg2';
}

/** ffmpeg writes H.264 into programme streams without conversion, so Annex B needs a filter. */
function filters({ container, video }: FilmPlan): string[] {
  const isProgramme = container === 'mpg' || container === 'vob';
  return isProgramme && video === 'h264' ? ['-bsf:v', 'h264_mp4toannexb'] : [];
}

function dispositions({ tracks }: FilmPlan): string[] {
  const [kind] = tracks === 'two-audios-second-default' ? ['a'] : tracks === 'two-videos-second-default' ? ['v'] : [];
  return kind === undefined ? [] : [`-disposition:${kind}:0`, '0', `-disposition:${kind}:1`, 'default'];
}

/** A still image without the disposition of a cover. */
function stillPath(): Promise<string> {
  const picture = codedPictures({ ...SMALL, rate: String(RATE), seconds: 1, firstNumber: STILL_NUMBER });
  const args = [...picture, '-frames:v', '1', '-update', '1', '-q:v', '3'];
  return made({ still: { kind: 'ffmpeg', extension: 'jpg', args } }, 'still');
}
