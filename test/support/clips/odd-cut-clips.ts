// Clips whose index marks frames as keyframes at which no copied segment can start, or which are missing from the file.
import { made } from './clip-cache.ts';
import { range } from './clip-facts.ts';
import { BROADCAST, H264, INGREDIENTS, PYRAMID, momentsOf, pictured } from './ingredients.ts';
import type { RecipeBook } from './recipe.ts';

export const RATE = 25;
export const FRAMES = 500;
const GROUP = 25;

/** Keyframes that are recovery points with leading pictures, among IDR pictures; the spread sample of twelve includes none of them. */
export const OPEN_CUTS: readonly number[] = [175, 300, 450];
const CLOSED_CUTS = range(0, FRAMES, GROUP).filter((frame) => !OPEN_CUTS.includes(frame));

const PAIR = ['-i', '{video-odd-cuts}', '-i', '{sound-25}', '-map', '0:v', '-map', '1:a', '-c', 'copy'];

const BOOK = {
  ...INGREDIENTS,
  'video-odd-cuts': pictured(BROADCAST, { rate: String(RATE), frames: FRAMES }, [
    // Parameters that copied and encoded pictures must state alike.
    ...['-vf', 'setsar=4/3', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
    ...[...H264, '-crf', '26', '-bf', '4', '-forced-idr', '1', '-force_key_frames', momentsOf(CLOSED_CUTS, 1 / RATE)],
    ...['-x264-params', `${PYRAMID}:open-gop=1:keyint=${GROUP}`],
  ]),
  'odd-cuts-mkv': { kind: 'ffmpeg', extension: 'mkv', args: PAIR },
  'odd-cuts-mp4': { kind: 'ffmpeg', extension: 'mp4', args: PAIR },
  'odd-cuts-ts': { kind: 'ffmpeg', extension: 'ts', args: PAIR },
  'lost-cuts-mkv': { kind: 'bytes', extension: 'mkv', from: 'odd-cuts-mkv', edit: withoutTwoGroups },
} satisfies RecipeBook;

/** Absolute path of the clip, made on first use. */
export function oddCutClip(name: 'odd-cuts-mkv' | 'odd-cuts-mp4' | 'odd-cuts-ts' | 'lost-cuts-mkv'): Promise<string> {
  return made(BOOK, name);
}

/** Zeros in place of the clusters, one per GOP, that start after 4 s and 12 s: the index points to nothing. */
function withoutTwoGroups(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const places: number[] = [];
  for (let at = copy.indexOf('1f43b675', 0, 'hex'); at >= 0; at = copy.indexOf('1f43b675', at + 4, 'hex'))
    places.push(at);
  for (const group of [4, 12]) copy.fill(0, places[group], places[group + 1]);
  return copy;
}
