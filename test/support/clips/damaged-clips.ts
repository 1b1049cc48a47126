// Clips with damage as caused by disks, networks and attackers; equal for equal seeds.
import { shuffled } from '../viewers/in-pool.ts';

/** Damages `bytes` in one of several ways, selected by the seed. */
export function damaged(bytes: Buffer, seed: number): Buffer {
  const random = numbersOf(seed);
  const film = Buffer.from(bytes);
  const way = WAYS[seed % WAYS.length];
  return way?.(film, random) ?? film;
}

type Random = (below: number) => number;

/** Size of the header, which describes the whole file. */
const HEAD_BYTES = 6000;

const WAYS: ((film: Buffer, random: Random) => Buffer)[] = [
  (film, random) => overwritten(film, random, { hits: 300, from: 0, to: film.length }),
  (film, random) => overwritten(film, random, { hits: 12, from: 0, to: HEAD_BYTES }),
  // Tables at the end, such as those of MP4 and the cues of Matroska.
  (film, random) => overwritten(film, random, { hits: 40, from: film.length - HEAD_BYTES, to: film.length }),
  (film, random) => film.subarray(0, random(film.length)),
  (film, random) => film.fill(random(2) * 255, random(film.length), random(film.length)),
  (film, random) => Buffer.concat(shuffled(blocksOf(film), random(2 ** 31))),
];

function overwritten(film: Buffer, random: Random, { hits, from, to }: Record<'hits' | 'from' | 'to', number>): Buffer {
  // Mostly values that make sizes and counts large or zero.
  const VALUES = [0, 1, 0x7f, 0x80, 0xff];
  for (let hit = 0; hit < hits; hit += 1) {
    film[Math.max(0, from) + random(to - Math.max(0, from))] = random(2) === 0 ? (VALUES[random(5)] ?? 0) : random(256);
  }
  return film;
}

/** Cuts the file into eight pieces. */
function blocksOf(film: Buffer): Buffer[] {
  const size = Math.ceil(film.length / 8);
  return Array.from({ length: 8 }, (_, index) => film.subarray(index * size, (index + 1) * size));
}

/** Integers from 0, xorshift32 (Marsaglia 2003). */
function numbersOf(seed: number): Random {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % Math.max(1, below);
  };
}
