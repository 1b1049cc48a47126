// Chapters of a Matroska source: one edition, flat, in order of time (RFC 9559 section 5.1.7).
import type { Chapter } from '../../model/description.ts';
import { childrenOf, textValue, unsignedChild, unsignedChildOr } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';

const NANOSECONDS = 1_000_000_000;
const MAX_CHAPTERS = 1000;

/** Chapters of the default edition, else of the first one, in order; a missing end is the next start, else `durationSeconds`. */
export function parseMatroskaChapters(chapters: DataView | undefined, durationSeconds: number | undefined): Chapter[] {
  const edition = chooseEdition(childrenOf(chapters, ID.editionEntry));
  const spans = childrenOf(edition, ID.chapterAtom)
    .slice(0, MAX_CHAPTERS)
    .flatMap((atom) => parseAtom(atom) ?? [])
    .sort((a, b) => a.startSeconds - b.startSeconds);
  return spans.map(({ startSeconds, endSeconds, title }, i) => {
    const next = spans[i + 1]?.startSeconds ?? durationSeconds ?? startSeconds;
    return { startSeconds, endSeconds: Math.max(startSeconds, endSeconds ?? next), title };
  });
}

/** A plain edition is preferred: an ordered edition plays parts in its own order, possibly of other files. */
function chooseEdition(editions: DataView[]): DataView | undefined {
  const shown = editions.filter((edition) => !isSet(edition, ID.editionFlagHidden));
  const plain = shown.filter((edition) => !isSet(edition, ID.editionFlagOrdered));
  const candidates = plain.length > 0 ? plain : shown;
  return candidates.find((edition) => isSet(edition, ID.editionFlagDefault)) ?? candidates[0];
}

interface Span {
  startSeconds: number;
  endSeconds: number | undefined;
  title: string;
}

/** Undefined for an atom that is hidden, disabled, or part of another segment. Nested atoms are ignored. */
function parseAtom(atom: DataView): Span | undefined {
  const start = unsignedChild(atom, ID.chapterTimeStart);
  const end = unsignedChild(atom, ID.chapterTimeEnd);
  const isDisabled = unsignedChildOr(atom, ID.chapterFlagEnabled, 1) === 0;
  const isOfOtherSegment = childrenOf(atom, ID.chapterSegmentUuid).length > 0;
  if (start === undefined || isDisabled || isOfOtherSegment || isSet(atom, ID.chapterFlagHidden)) return undefined;
  const display = childrenOf(atom, ID.chapterDisplay)[0];
  return {
    startSeconds: start / NANOSECONDS,
    endSeconds: end !== undefined && end > start ? end / NANOSECONDS : undefined,
    title: textValue(childrenOf(display, ID.chapString)[0]) ?? '',
  };
}

function isSet(view: DataView, id: number): boolean {
  return unsignedChild(view, id) === 1;
}
