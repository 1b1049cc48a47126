// Chooses what is read as the file of a torrent: one of its own files, or the video that is packed in them.
import { chooseArchive, chooseFile, type FileSelection } from './file-choice.ts';
import { archiveSets, type ArchiveSet } from './packed/archive-sets.ts';
import { FIRST_PACKED_INDEX, findPackedFile, type PackedFile } from './packed/packed-file.ts';
import { PackedHandle } from './packed/packed-handle.ts';
import type { TorrentFile, TorrentHandle } from '../../torrent-engine/protocol/torrent-engine.ts';

export interface ChosenFile {
  /** To be used instead of the handle that was passed, which it owns. */
  handle: TorrentHandle;
  file: TorrentFile;
}

/** Maximal number of packed files whose extents are kept. */
const KEPT_PACKED = 100;

export class ChosenFiles {
  /** By info hash and index of the first volume; the extents never change. */
  readonly #packed = new Map<string, PackedFile>();

  /** @throws AppError SOURCE_UNUSABLE, UNSUPPORTED_MEDIA (packed in a way that cannot be played); what reading throws */
  async choose(handle: TorrentHandle, selection: FileSelection, signal: AbortSignal): Promise<ChosenFile> {
    const { files } = await handle.metadata(signal);
    const { fileIndex } = selection;
    const isPacked = fileIndex !== undefined && isPackedFile(files, fileIndex);
    const ownSelection = { ...selection, fileIndex: isPacked ? fileIndex - FIRST_PACKED_INDEX : fileIndex };
    const set = chooseArchive(files, ownSelection);
    if (set === undefined) return { handle, file: chooseFile(files, ownSelection) };
    const packed = await this.#packedIn({ handle, set }, signal);
    return { handle: new PackedHandle(handle, packed), file: packed.file };
  }

  async #packedIn(needs: { handle: TorrentHandle; set: ArchiveSet }, signal: AbortSignal): Promise<PackedFile> {
    const key = `${needs.handle.info.infoHash} ${needs.set.volumes[0]?.index}`;
    const packed = this.#packed.get(key) ?? (await findPackedFile(needs, signal));
    this.#packed.set(key, packed);
    const [oldest] = this.#packed.keys();
    if (this.#packed.size > KEPT_PACKED && oldest !== undefined) this.#packed.delete(oldest);
    return packed;
  }
}

/** Whether `fileIndex` is the index of a file that is packed in these files. */
export function isPackedFile(files: readonly TorrentFile[], fileIndex: number): boolean {
  return archiveSets(files).some(({ volumes }) => volumes[0]?.index === fileIndex - FIRST_PACKED_INDEX);
}
