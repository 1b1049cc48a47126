// A film that is stored, not compressed, in the volumes of an archive: its bytes lie in them as they are, so it can be played from there.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { TorrentFile, TorrentHandle } from '../../../torrent-engine/protocol/torrent-engine.ts';
import type { ArchiveSet } from './archive-sets.ts';
import { isFilmName } from './film-name.ts';
import { BrokenRar } from './rar-blocks.ts';
import { rarEntries, type RarEntry, type VolumeReader } from './rar-volume.ts';

/** Bytes of the film, `[start, end)`, and where the first of them lies in a file of the torrent. */
export interface Extent extends ByteRange {
  fileIndex: number;
  offset: number;
}

/** No torrent has so many files of its own. */
export const FIRST_PACKED_INDEX = 100_000;

export interface PackedFilm {
  /** Not one of the torrent's own files: its index is that of its first volume, and `FIRST_PACKED_INDEX`. */
  file: TorrentFile;
  /** One behind the other, the whole film. */
  extents: readonly Extent[];
}

export interface PackedFilmNeeds {
  handle: TorrentHandle;
  set: ArchiveSet;
}

/** What of the film lies in a range, in its order. */
export function extentsIn({ extents }: PackedFilm, { start, end }: ByteRange): Extent[] {
  return extents
    .filter((extent) => extent.start < end && extent.end > start)
    .map(({ fileIndex, offset, ...extent }) => {
      const from = Math.max(start, extent.start);
      return { fileIndex, start: from, end: Math.min(end, extent.end), offset: offset + from - extent.start };
    });
}

/** The part of a film in one volume. */
interface Part {
  fileIndex: number;
  data: ByteRange;
}

interface Found {
  name: string;
  parts: readonly Part[];
}

/** @throws AppError UNSUPPORTED_MEDIA with the reason why it cannot be played; what reading throws */
export async function findPackedFilm(needs: PackedFilmNeeds, signal: AbortSignal): Promise<PackedFilm> {
  const { set } = needs;
  const [first] = set.volumes;
  if (set.format === 'zip' || set.format === '7z')
    throw unsupported(`in a ${set.format.toUpperCase()} archive, which cannot be streamed`);
  if (first === undefined || set.hasGaps)
    throw unsupported('in several parts, and some of them are not in the torrent');
  const found = await findParts(needs, signal);
  const folder = first.path.split('/').slice(0, -1);
  const path = [...folder, found.name.split('/').at(-1) ?? found.name].join('/');
  const extents = extentsOf(found.parts);
  const sizeBytes = extents.at(-1)?.end ?? 0;
  return { file: { index: FIRST_PACKED_INDEX + first.index, path, sizeBytes, isPadding: false }, extents };
}

async function findParts(needs: PackedFilmNeeds, signal: AbortSignal): Promise<Found> {
  const { set } = needs;
  if (set.format === 'numbered' && !(await beginsLikeRar(needs, signal))) return cutFile(set);
  try {
    return await partsInRar(needs, { verifiedOnly: false }, signal);
  } catch (error) {
    if (!(error instanceof BrokenRar)) throw error;
    if (error.isLocked) throw locked();
  }
  // What a peer sent may have been wrong.
  try {
    return await partsInRar(needs, { verifiedOnly: true }, signal);
  } catch (error) {
    throw error instanceof BrokenRar ? unsupported('in RAR archives that are damaged', error) : error;
  }
}

/** A film that was only cut: its parts are all there is. */
function cutFile({ path, volumes }: ArchiveSet): Found {
  if (!isFilmName(path)) throw unsupported('in an archive of a kind that cannot be streamed');
  const parts = volumes.map(({ index, sizeBytes }) => ({ fileIndex: index, data: { start: 0, end: sizeBytes } }));
  return { name: path.split('/').at(-1) ?? path, parts };
}

async function beginsLikeRar({ handle, set }: PackedFilmNeeds, signal: AbortSignal): Promise<boolean> {
  const [first] = set.volumes;
  if (first === undefined) return false;
  const bytes = await volumeReader(handle, first, { verifiedOnly: false, signal }).read({ start: 0, end: 4 });
  return Buffer.from(bytes).toString('latin1') === 'Rar!';
}

async function partsInRar(needs: PackedFilmNeeds, how: { verifiedOnly: boolean }, signal: AbortSignal): Promise<Found> {
  const { handle, set } = needs;
  const read = (volume: TorrentFile) => rarEntries(volumeReader(handle, volume, { ...how, signal }));
  return (await partsByThree(set.volumes, read)) ?? assembled(set.volumes, await inTurns(set.volumes, read));
}

type ReadEntries = (volume: TorrentFile) => Promise<RarEntry[]>;

/** Volumes between the first and the last are alike; when the sizes agree, three of them tell about all. */
async function partsByThree(volumes: readonly TorrentFile[], read: ReadEntries): Promise<Found | undefined> {
  const [first, second, last] = [volumes[0], volumes[1], volumes.at(-1)];
  if (volumes.length < 4 || !first || !second || !last) return undefined;
  const [ofFirst, ofSecond, ofLast] = await Promise.all([read(first), read(second), read(last)]);
  const [begin, middle, end] = [ofFirst.at(-1), ofSecond.at(-1), ofLast[0]];
  const isAlone = ofSecond.length === 1 && middle?.isSplitBefore === true && middle.isSplitAfter;
  const film = filmIn(ofFirst);
  if (!begin || !middle || !end || film !== begin || !isAlone || !end.isSplitBefore) return undefined;
  const tailBytes = second.sizeBytes - middle.data.end;
  const between = volumes.slice(1, -1).map(({ index, sizeBytes }) => {
    return { fileIndex: index, data: { start: middle.data.start, end: sizeBytes - tailBytes } };
  });
  const parts = [partOf(first, begin), ...between, partOf(last, end)];
  const sizeBytes = parts.reduce((sum, { data }) => sum + Math.max(0, data.end - data.start), 0);
  return sizeBytes === film.sizeBytes ? { name: film.name, parts } : undefined;
}

function partOf({ index }: TorrentFile, { data }: RarEntry): Part {
  return { fileIndex: index, data };
}

/** All volumes, a few at a time. */
async function inTurns(volumes: readonly TorrentFile[], read: ReadEntries): Promise<RarEntry[][]> {
  const entries: RarEntry[][] = [];
  for (let at = 0; at < volumes.length; at += 8)
    entries.push(...(await Promise.all(volumes.slice(at, at + 8).map(read))));
  return entries;
}

/** The largest film in them, in as many parts as it has. @throws AppError UNSUPPORTED_MEDIA */
function assembled(volumes: readonly TorrentFile[], entries: readonly RarEntry[][]): Found {
  const film = filmIn(entries.flat());
  if (film === undefined) throw unsupported('in RAR archives, in which there is no film');
  const all = volumes.flatMap((volume, index) =>
    (entries[index] ?? []).map((entry) => ({ entry, part: partOf(volume, entry) })),
  );
  const start = all.findIndex(({ entry }) => entry === film);
  const end = all.findIndex(({ entry }, index) => index >= start && !entry.isSplitAfter);
  const parts = all.slice(start, end + 1).filter(({ entry }) => entry.name === film.name);
  const sizeBytes = parts.reduce((sum, { entry }) => sum + entry.data.end - entry.data.start, 0);
  if (end < 0 || (film.sizeBytes ?? sizeBytes) !== sizeBytes)
    throw unsupported('in RAR archives, and some of them are missing');
  return { name: film.name, parts: parts.map(({ part }) => part) };
}

/** The largest that begins among them. @throws AppError UNSUPPORTED_MEDIA when its bytes do not lie there as they are */
function filmIn(entries: readonly RarEntry[]): RarEntry | undefined {
  const films = entries.filter(({ name, isSplitBefore }) => isFilmName(name) && !isSplitBefore);
  const sizeOf = ({ sizeBytes, data }: RarEntry): number => sizeBytes ?? data.end - data.start;
  const [film] = films.toSorted((one, other) => sizeOf(other) - sizeOf(one));
  if (film?.isEncrypted === true) throw locked();
  if (film?.isStored === false) throw unsupported('in RAR archives and compressed, which cannot be streamed');
  return film;
}

function extentsOf(parts: readonly Part[]): Extent[] {
  let at = 0;
  return parts
    .filter(({ data }) => data.end > data.start)
    .map(({ fileIndex, data }) => {
      const start = at;
      at += data.end - data.start;
      return { start, end: at, fileIndex, offset: data.start };
    });
}

function volumeReader(
  handle: TorrentHandle,
  { index, sizeBytes }: TorrentFile,
  { verifiedOnly, signal }: { verifiedOnly: boolean; signal: AbortSignal },
): VolumeReader {
  const read = async (range: ByteRange): Promise<Uint8Array> => {
    using reader = handle.open(index, { ...range, profile: 'probe', verifiedOnly });
    const chunks: Uint8Array[] = [];
    while (reader.position < range.end) chunks.push(await reader.read(range.end - reader.position, signal));
    return Buffer.concat(chunks);
  };
  return { sizeBytes, read };
}

function locked(): AppError {
  return unsupported('in RAR archives that are locked with a password');
}

function unsupported(how: string, cause?: unknown): AppError {
  return new AppError('UNSUPPORTED_MEDIA', `The film is packed ${how}`, { cause });
}
