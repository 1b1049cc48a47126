// Chapters of a Matroska film: one edition of it, flat, in the order of the film (RFC 9559 section 5.1.7).
import type { Chapter } from '../../model/description.ts';
import { childrenOf, textValue, unsignedChild } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';

const NANOSECONDS = 1_000_000_000;
const MAX_CHAPTERS = 1000;

/** Chapters of the default edition, else of the first one, in order; an end not stated is the next start, else `durationSeconds`. */
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

/** An ordered edition plays parts in an order of its own, maybe of other files: any plain one tells more about this film. */
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

/** Undefined for an atom that is hidden, disabled, or a part of another film. Atoms inside it are not looked at. */
function parseAtom(atom: DataView): Span | undefined {
  const start = unsignedChild(atom, ID.chapterTimeStart);
  const end = unsignedChild(atom, ID.chapterTimeEnd);
  const isDisabled = unsignedChild(atom, ID.chapterFlagEnabled) === 0;
  const isForeign = childrenOf(atom, ID.chapterSegmentUuid).length > 0;
  if (start === undefined || isDisabled || isForeign || isSet(atom, ID.chapterFlagHidden)) return undefined;
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
