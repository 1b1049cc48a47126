// Compares the displayed frames with the expected ones; one sentence for each deviation.
import type { NumberedPicture, Truth } from './truth.ts';

export interface PictureVerdict {
  sentences: string[];
  /** Median delay of the frames that are in their place. */
  lagSeconds: number;
}

interface Options {
  /** Tolerance in frames for the time of a frame. */
  frames: number;
}

/** A frame counts until the number changes, so a file on a finer frame grid is equal. */
export function comparePictures(truth: Truth, shown: readonly NumberedPicture[], { frames }: Options): PictureVerdict {
  const wanted = standing(truth.pictures);
  const served = standing(withoutLeadIn(shown, wanted[0]));
  if (served.length === 0) return { sentences: wanted.length > 0 ? ['No picture is shown'] : [], lagSeconds: 0 };
  const pairs = matched(wanted, served);
  const lost = wanted.filter((_, index) => !pairs.has(index));
  const places = new Set(pairs.values());
  const extra = served.filter((_, index) => !places.has(index));
  const lags = [...pairs].map(([from, to]) => lag(wanted[from], served[to], from === 0));
  const late = [...pairs].filter(([from, to]) => {
    return Math.abs(lag(wanted[from], served[to], from === 0)) > frames * truth.frameSeconds + 0.0015;
  });
  const sentences = [
    ...described('lost', lost, wanted.length),
    ...described('shown but not of this place', extra, served.length),
    ...outOfPlace(late, wanted, served),
  ];
  return { sentences, lagSeconds: median(lags) };
}

/** The frames without repeats of a number. */
function standing(pictures: readonly NumberedPicture[]): NumberedPicture[] {
  return pictures.filter(({ number }, index) => index === 0 || number !== pictures[index - 1]?.number);
}

/** Before a late first frame, the display may be black. */
function withoutLeadIn(shown: readonly NumberedPicture[], first: NumberedPicture | undefined): NumberedPicture[] {
  const begins = shown.findIndex(({ number }) => number !== undefined);
  const isLate = (first?.seconds ?? 0) > 0 && first?.number !== undefined;
  return shown.slice(isLate ? Math.max(0, begins) : 0);
}

/** The first frame may be displayed from the start. */
function lag(wanted: NumberedPicture | undefined, served: NumberedPicture | undefined, isFirst: boolean): number {
  if (wanted === undefined || served === undefined) return 0;
  const late = served.seconds - wanted.seconds;
  return isFirst && late < 0 ? 0 : late;
}

/** The longest common subsequence of numbers, as indices of `wanted` to those of `served`. */
function matched(wanted: readonly NumberedPicture[], served: readonly NumberedPicture[]): Map<number, number> {
  const width = served.length + 1;
  const lengths = new Uint16Array((wanted.length + 1) * width);
  for (let row = wanted.length - 1; row >= 0; row -= 1) {
    for (let column = served.length - 1; column >= 0; column -= 1) {
      const same = wanted[row]?.number === served[column]?.number;
      const down = lengths[(row + 1) * width + column] ?? 0;
      const right = lengths[row * width + column + 1] ?? 0;
      const next = (lengths[(row + 1) * width + column + 1] ?? 0) + 1;
      lengths[row * width + column] = same ? next : Math.max(down, right);
    }
  }
  const pairs = new Map<number, number>();
  let [row, column] = [0, 0];
  while (row < wanted.length && column < served.length) {
    if (wanted[row]?.number === served[column]?.number) pairs.set(row++, column++);
    else if ((lengths[(row + 1) * width + column] ?? 0) >= (lengths[row * width + column + 1] ?? 0)) row += 1;
    else column += 1;
  }
  return pairs;
}

function described(what: string, pictures: readonly NumberedPicture[], all: number): string[] {
  const [first] = pictures;
  if (first === undefined) return [];
  const unread = pictures.filter(({ number }) => number === undefined).length;
  const note = unread === 0 ? '' : `, ${unread} of them unreadable`;
  const last = pictures.at(-1) ?? first;
  const span = `${name(first)} to ${name(last)}`;
  return [`${pictures.length} of ${all} pictures are ${what}: ${span}${note}`];
}

function name({ number, seconds }: NumberedPicture): string {
  return `${number ?? 'unreadable'} at ${seconds.toFixed(3)} s`;
}

function outOfPlace(
  late: readonly (readonly [number, number])[],
  wanted: readonly NumberedPicture[],
  served: readonly NumberedPicture[],
): string[] {
  if (late.length === 0) return [];
  const lags = late.map(([from, to]) => (served[to]?.seconds ?? 0) - (wanted[from]?.seconds ?? 0));
  const [from = 0] = late[0] ?? [];
  const range = `${milliseconds(Math.min(...lags))} to ${milliseconds(Math.max(...lags))} ms late`;
  return [
    `${late.length} of ${wanted.length} pictures are out of place, ${range}, first number ${wanted[from]?.number}`,
  ];
}

export function milliseconds(seconds: number): string {
  return (seconds * 1000).toFixed(1);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
