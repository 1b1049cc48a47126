// Which file of a torrent is meant: the one that is named, else the largest film. It may be packed.
import { AppError } from '../../base/app-error.ts';
import { archiveSets, type ArchiveSet } from './packed/archive-sets.ts';
import { isFilmName } from './packed/film-name.ts';
import type { TorrentFile } from '../../torrent-engine/protocol/torrent-engine.ts';

export interface FileWish {
  /** Undefined: the largest film. */
  fileIndex: number | undefined;
  /** The files a magnet is about, as ranges `[first, last]`; empty: all. */
  selected?: readonly (readonly [number, number])[];
}

/** Releases come with a short sample of the film beside its archives, and with other films that are not it. */
const SAMPLE = /(?:^|[^a-z])(?:sample|trailer|preview)s?(?:[^a-z]|$)/iu;
/** An archive of several volumes that is so much larger than all films beside it holds the film, whatever those are called. */
const TIMES_ALL_FILMS = 10;

/** @throws AppError SOURCE_UNUSABLE when the named file is none, or there is nothing to play */
export function chooseFile(files: readonly TorrentFile[], { fileIndex, selected = [] }: FileWish): TorrentFile {
  if (fileIndex !== undefined) return namedFile(files, fileIndex);
  const candidates = candidatesOf(files, selected);
  const films = candidates.filter(({ path }) => isFilmName(path));
  const [first, ...others] = films.length > 0 ? films : candidates;
  if (first === undefined) throw unusable('There is nothing to play in the torrent');
  return others.reduce((largest, file) => (file.sizeBytes > largest.sizeBytes ? file : largest), first);
}

/**
 * The archive that holds what is meant; undefined where a file is meant as it is. A sample is not taken for the film that is packed beside
 * it, and a named volume stands for what is packed in it.
 * @throws AppError as {@link chooseFile}
 */
export function chooseArchive(files: readonly TorrentFile[], wish: FileWish): ArchiveSet | undefined {
  const chosen = chooseFile(files, wish);
  const candidates = wish.fileIndex === undefined ? candidatesOf(files, wish.selected ?? []) : files;
  const sets = archiveSets(candidates);
  const own = sets.find(({ volumes }) => volumes.includes(chosen));
  if (wish.fileIndex !== undefined) return own;
  const [first, ...others] = sets;
  if (first === undefined) return undefined;
  const largest = others.reduce((most, set) => (set.sizeBytes > most.sizeBytes ? set : most), first);
  if (!isFilmName(chosen.path)) return own === undefined && largest.sizeBytes < chosen.sizeBytes ? undefined : largest;
  return isBeside(largest, chosen, candidates) ? largest : undefined;
}

function isBeside(set: ArchiveSet, film: TorrentFile, candidates: readonly TorrentFile[]): boolean {
  if (SAMPLE.test(film.path)) return set.sizeBytes > 2 * film.sizeBytes;
  const films = candidates.filter(({ path }) => isFilmName(path));
  const allBytes = films.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return set.volumes.length > 1 && set.sizeBytes > TIMES_ALL_FILMS * allBytes;
}

function candidatesOf(
  files: readonly TorrentFile[],
  selected: readonly (readonly [number, number])[],
): readonly TorrentFile[] {
  const playable = files.filter((file) => !file.isPadding && file.sizeBytes > 0);
  const meant = playable.filter(({ index }) => selected.some(([first, last]) => index >= first && index <= last));
  return meant.length > 0 ? meant : playable;
}

function namedFile(files: readonly TorrentFile[], index: number): TorrentFile {
  const file = files[index];
  if (file === undefined) {
    const count = files.length === 1 ? 'only file 0' : `only the files 0 to ${files.length - 1}`;
    throw unusable(`The torrent has no file ${index}, ${count}`);
  }
  if (file.isPadding) throw unusable(`File ${index} of the torrent is only filler`);
  if (file.sizeBytes === 0) throw unusable(`File ${index} of the torrent is empty`);
  return file;
}

function unusable(sentence: string): AppError {
  return new AppError('SOURCE_UNUSABLE', sentence);
}
