// Which file of a torrent is meant: the one that is named, else the largest film.
import { AppError } from '../../base/app-error.ts';
import type { TorrentFile } from './torrent-engine.ts';

export interface FileWish {
  /** Undefined: the largest film. */
  fileIndex: number | undefined;
  /** The files a magnet is about, as ranges `[first, last]`; empty: all. */
  selected?: readonly (readonly [number, number])[];
}

const FILM = /\.(?:3gp|asf|avi|divx|f4v|flv|m2ts|m2v|m4v|mkv|mov|mp4|mpe?g|mts|mxf|ogm|ogv|rm|rmvb|ts|vob|webm|wmv)$/iu;

/** @throws AppError SOURCE_UNUSABLE when the named file is none, or there is nothing to play */
export function chooseFile(files: readonly TorrentFile[], { fileIndex, selected = [] }: FileWish): TorrentFile {
  if (fileIndex !== undefined) return namedFile(files, fileIndex);
  const playable = files.filter((file) => !file.isPadding && file.sizeBytes > 0);
  const meant = playable.filter(({ index }) => selected.some(([first, last]) => index >= first && index <= last));
  const candidates = meant.length > 0 ? meant : playable;
  const films = candidates.filter((file) => FILM.test(file.path));
  const [first, ...others] = films.length > 0 ? films : candidates;
  if (first === undefined) throw unusable('There is nothing to play in the torrent');
  return others.reduce((largest, file) => (file.sizeBytes > largest.sizeBytes ? file : largest), first);
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
