// Which of several video tracks is the film: not a still, a preview or a logo beside it.
import type { VideoEvidence } from '../../model/description.ts';

/** A track with less than this share of the frames, or of the time, of the longest one is no film. */
const FILM_SHARE = 1 / 8;

/** The track that moves; of several the default one, then one that is in no codec of stills, then the first. Undefined: none. */
export function chooseVideo<T extends { evidence: VideoEvidence }>(candidates: readonly T[]): T | undefined {
  const films = longOnes(
    longOnes(candidates, ({ evidence }) => evidence.frameCount),
    ({ evidence }) => evidence.durationSeconds,
  );
  const rank = ({ evidence }: T) => (evidence.isDefault ? 2 : 0) + (evidence.isStillCodec ? 0 : 1);
  return films.reduce<T | undefined>((best, one) => (best && rank(best) >= rank(one) ? best : one), undefined);
}

/** Without those that are known to be much shorter than another. */
function longOnes<T>(candidates: readonly T[], lengthOf: (candidate: T) => number | undefined): readonly T[] {
  const longest = Math.max(...candidates.map((candidate) => lengthOf(candidate) ?? 0));
  return candidates.filter((candidate) => (lengthOf(candidate) ?? longest) >= longest * FILM_SHARE);
}
