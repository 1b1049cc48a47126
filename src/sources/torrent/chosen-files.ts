// What of a torrent is read as one file: one of its own files, or the film that is packed in them.
import { chooseArchive, chooseFile, type FileWish } from './file-choice.ts';
import { archiveSets, type ArchiveSet } from './packed/archive-sets.ts';
import { FIRST_PACKED_INDEX, findPackedFilm, type PackedFilm } from './packed/packed-film.ts';
import { PackedHandle } from './packed/packed-handle.ts';
import type { TorrentFile, TorrentHandle } from '../../torrent-engine/protocol/torrent-engine.ts';

export interface ChosenFile {
  /** To be used instead of the one that was given; it owns that one. */
  handle: TorrentHandle;
  file: TorrentFile;
}

/** Films whose places in their archives are known. */
const KEPT_FILMS = 100;

export class ChosenFiles {
  /** By info hash and index: they are the same as long as the torrent is. */
  readonly #films = new Map<string, PackedFilm>();

  /** @throws AppError SOURCE_UNUSABLE, UNSUPPORTED_MEDIA (packed in a way that cannot be played); what reading throws */
  async choose(handle: TorrentHandle, wish: FileWish, signal: AbortSignal): Promise<ChosenFile> {
    const { files } = await handle.metadata(signal);
    const { fileIndex } = wish;
    const isPacked = fileIndex !== undefined && isPackedFilm(files, fileIndex);
    const ownWish = { ...wish, fileIndex: isPacked ? fileIndex - FIRST_PACKED_INDEX : fileIndex };
    const set = chooseArchive(files, ownWish);
    if (set === undefined) return { handle, file: chooseFile(files, ownWish) };
    const film = await this.#filmIn({ handle, set }, signal);
    return { handle: new PackedHandle(handle, film), file: film.file };
  }

  async #filmIn(needs: { handle: TorrentHandle; set: ArchiveSet }, signal: AbortSignal): Promise<PackedFilm> {
    const key = `${needs.handle.info.infoHash} ${needs.set.volumes[0]?.index}`;
    const film = this.#films.get(key) ?? (await findPackedFilm(needs, signal));
    this.#films.set(key, film);
    const [oldest] = this.#films.keys();
    if (this.#films.size > KEPT_FILMS && oldest !== undefined) this.#films.delete(oldest);
    return film;
  }
}

/** Whether it is the index that a packed film of these files has. */
export function isPackedFilm(files: readonly TorrentFile[], fileIndex: number): boolean {
  return archiveSets(files).some(({ volumes }) => volumes[0]?.index === fileIndex - FIRST_PACKED_INDEX);
}
