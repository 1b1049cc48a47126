// Chooses the main video of several video tracks, not a still, a preview or a logo.
import type { VideoEvidence } from '../../model/description.ts';

/** A track with less than this share of the frames, or of the duration, of the longest one is not the main video. */
const MAIN_SHARE = 1 / 8;

/** The main video; of several candidates the default one, then one in a codec that is not for stills, then the first. Undefined: none. */
export function chooseVideo<T extends { evidence: VideoEvidence }>(candidates: readonly T[]): T | undefined {
  const main = withoutShort(
    withoutShort(candidates, ({ evidence }) => evidence.frameCount),
    ({ evidence }) => evidence.durationSeconds,
  );
  const rank = ({ evidence }: T) => (evidence.isDefault ? 2 : 0) + (evidence.isStillCodec ? 0 : 1);
  return main.reduce<T | undefined>((best, one) => (best && rank(best) >= rank(one) ? best : one), undefined);
}

/** The candidates, without those known to be much shorter than the longest. */
function withoutShort<T>(candidates: readonly T[], lengthOf: (candidate: T) => number | undefined): readonly T[] {
  const longest = Math.max(...candidates.map((candidate) => lengthOf(candidate) ?? 0));
  return candidates.filter((candidate) => (lengthOf(candidate) ?? longest) >= longest * MAIN_SHARE);
}
