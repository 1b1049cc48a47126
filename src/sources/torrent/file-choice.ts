// Chooses a file of a torrent: the selected one, else the largest video. It may be packed.
import { AppError } from '../../base/app-error.ts';
import { archiveSets, type ArchiveSet } from './packed/archive-sets.ts';
import { isVideoFileName } from './packed/video-file-name.ts';
import type { TorrentFile } from '../../torrent-engine/protocol/torrent-engine.ts';

export interface FileSelection {
  /** Undefined: the largest video. */
  fileIndex: number | undefined;
  /** The files that a magnet selects, as ranges `[first, last]` of indexes; empty: all. */
  selected?: readonly (readonly [number, number])[];
}

/** Releases often have a short sample or trailer beside the archives of the main video. */
const SAMPLE = /(?:^|[^a-z])(?:sample|trailer|preview)s?(?:[^a-z]|$)/iu;
/** An archive of several volumes that is this many times larger than all videos beside it holds the main video, whatever their names. */
const TIMES_ALL_VIDEOS = 10;

/** @throws AppError SOURCE_UNUSABLE when the selected file does not exist or cannot be played, or the torrent has nothing to play */
export function chooseFile(files: readonly TorrentFile[], { fileIndex, selected = [] }: FileSelection): TorrentFile {
  if (fileIndex !== undefined) return namedFile(files, fileIndex);
  const candidates = candidatesOf(files, selected);
  const videos = candidates.filter(({ path }) => isVideoFileName(path));
  const [first, ...others] = videos.length > 0 ? videos : candidates;
  if (first === undefined) throw unusable('There is nothing to play in the torrent');
  return others.reduce((largest, file) => (file.sizeBytes > largest.sizeBytes ? file : largest), first);
}

/**
 * The archive that holds the chosen file; undefined for a file that is not packed. A sample does not count as the video that is packed beside
 * it, and a selected volume means the file that is packed in it.
 * @throws AppError as {@link chooseFile}
 */
export function chooseArchive(files: readonly TorrentFile[], selection: FileSelection): ArchiveSet | undefined {
  const chosen = chooseFile(files, selection);
  const candidates = selection.fileIndex === undefined ? candidatesOf(files, selection.selected ?? []) : files;
  const sets = archiveSets(candidates);
  const own = sets.find(({ volumes }) => volumes.includes(chosen));
  if (selection.fileIndex !== undefined) return own;
  const [first, ...others] = sets;
  if (first === undefined) return undefined;
  const largest = others.reduce((most, set) => (set.sizeBytes > most.sizeBytes ? set : most), first);
  if (!isVideoFileName(chosen.path))
    return own === undefined && largest.sizeBytes < chosen.sizeBytes ? undefined : largest;
  return isBeside(largest, chosen, candidates) ? largest : undefined;
}

function isBeside(set: ArchiveSet, video: TorrentFile, candidates: readonly TorrentFile[]): boolean {
  if (SAMPLE.test(video.path)) return set.sizeBytes > 2 * video.sizeBytes;
  const videos = candidates.filter(({ path }) => isVideoFileName(path));
  const allBytes = videos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return set.volumes.length > 1 && set.sizeBytes > TIMES_ALL_VIDEOS * allBytes;
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
