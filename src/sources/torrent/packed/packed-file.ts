// A video that is stored without compression in the volumes of an archive: its bytes lie unchanged in the volumes, so it can be streamed.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { TorrentFile, TorrentHandle } from '../../../torrent-engine/protocol/torrent-engine.ts';
import type { ArchiveSet } from './archive-sets.ts';
import { isVideoFileName } from './video-file-name.ts';
import { BrokenRar } from './rar-blocks.ts';
import { rarEntries, type RarEntry, type VolumeReader } from './rar-volume.ts';

/** Bytes `[start, end)` of the packed file, and the offset of the first one in a file of the torrent. */
export interface Extent extends ByteRange {
  fileIndex: number;
  offset: number;
}

/** More than the number of files of any torrent. */
export const FIRST_PACKED_INDEX = 100_000;

export interface PackedFile {
  /** Not one of the torrent's own files: its index is `FIRST_PACKED_INDEX` plus the index of its first volume. */
  file: TorrentFile;
  /** Consecutive extents of the whole file. */
  extents: readonly Extent[];
}

export interface PackedFileNeeds {
  handle: TorrentHandle;
  set: ArchiveSet;
}

/** The extents of a range of the packed file, in order. */
export function extentsIn({ extents }: PackedFile, { start, end }: ByteRange): Extent[] {
  return extents
    .filter((extent) => extent.start < end && extent.end > start)
    .map(({ fileIndex, offset, ...extent }) => {
      const from = Math.max(start, extent.start);
      return { fileIndex, start: from, end: Math.min(end, extent.end), offset: offset + from - extent.start };
    });
}

/** The part of the packed file in one volume. */
interface Part {
  fileIndex: number;
  data: ByteRange;
}

interface Found {
  name: string;
  parts: readonly Part[];
}

/** @throws AppError UNSUPPORTED_MEDIA with the reason why the file cannot be played; what reading throws */
export async function findPackedFile(needs: PackedFileNeeds, signal: AbortSignal): Promise<PackedFile> {
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

async function findParts(needs: PackedFileNeeds, signal: AbortSignal): Promise<Found> {
  const { set } = needs;
  if (set.format === 'numbered' && !(await beginsLikeRar(needs, signal))) return cutFile(set);
  try {
    return await partsInRar(needs, { verifiedOnly: false }, signal);
  } catch (error) {
    if (!(error instanceof BrokenRar)) throw error;
    if (error.isLocked) throw locked();
  }
  // The volumes are read again from verified pieces: a peer may have sent corrupt blocks.
  try {
    return await partsInRar(needs, { verifiedOnly: true }, signal);
  } catch (error) {
    throw error instanceof BrokenRar ? unsupported('in RAR archives that are damaged', error) : error;
  }
}

/** A file that was only split: its parts are the volumes. */
function cutFile({ path, volumes }: ArchiveSet): Found {
  if (!isVideoFileName(path)) throw unsupported('in an archive of a kind that cannot be streamed');
  const parts = volumes.map(({ index, sizeBytes }) => ({ fileIndex: index, data: { start: 0, end: sizeBytes } }));
  return { name: path.split('/').at(-1) ?? path, parts };
}

async function beginsLikeRar({ handle, set }: PackedFileNeeds, signal: AbortSignal): Promise<boolean> {
  const [first] = set.volumes;
  if (first === undefined) return false;
  const bytes = await volumeReader(handle, first, { verifiedOnly: false, signal }).read({ start: 0, end: 4 });
  return Buffer.from(bytes).toString('latin1') === 'Rar!';
}

async function partsInRar(needs: PackedFileNeeds, how: { verifiedOnly: boolean }, signal: AbortSignal): Promise<Found> {
  const { handle, set } = needs;
  const read = (volume: TorrentFile) => rarEntries(volumeReader(handle, volume, { ...how, signal }));
  return (await partsByThree(set.volumes, read)) ?? assembled(set.volumes, await inTurns(set.volumes, read));
}

type ReadEntries = (volume: TorrentFile) => Promise<RarEntry[]>;

/** The volumes between the first and the last have the same layout: when the sizes agree, three volumes determine all parts. */
async function partsByThree(volumes: readonly TorrentFile[], read: ReadEntries): Promise<Found | undefined> {
  const [first, second, last] = [volumes[0], volumes[1], volumes.at(-1)];
  if (volumes.length < 4 || !first || !second || !last) return undefined;
  const [ofFirst, ofSecond, ofLast] = await Promise.all([read(first), read(second), read(last)]);
  const [begin, middle, end] = [ofFirst.at(-1), ofSecond.at(-1), ofLast[0]];
  const isAlone = ofSecond.length === 1 && middle?.isSplitBefore === true && middle.isSplitAfter;
  const video = videoIn(ofFirst);
  if (!begin || !middle || !end || video !== begin || !isAlone || !end.isSplitBefore) return undefined;
  const tailBytes = second.sizeBytes - middle.data.end;
  const between = volumes.slice(1, -1).map(({ index, sizeBytes }) => {
    return { fileIndex: index, data: { start: middle.data.start, end: sizeBytes - tailBytes } };
  });
  const parts = [partOf(first, begin), ...between, partOf(last, end)];
  const sizeBytes = parts.reduce((sum, { data }) => sum + Math.max(0, data.end - data.start), 0);
  return sizeBytes === video.sizeBytes ? { name: video.name, parts } : undefined;
}

function partOf({ index }: TorrentFile, { data }: RarEntry): Part {
  return { fileIndex: index, data };
}

/** Reads all volumes, eight at a time. */
async function inTurns(volumes: readonly TorrentFile[], read: ReadEntries): Promise<RarEntry[][]> {
  const entries: RarEntry[][] = [];
  for (let at = 0; at < volumes.length; at += 8)
    entries.push(...(await Promise.all(volumes.slice(at, at + 8).map(read))));
  return entries;
}

/** The largest video in the volumes, with all its parts. @throws AppError UNSUPPORTED_MEDIA */
function assembled(volumes: readonly TorrentFile[], entries: readonly RarEntry[][]): Found {
  const video = videoIn(entries.flat());
  if (video === undefined) throw unsupported('in RAR archives, in which there is no film');
  const all = volumes.flatMap((volume, index) =>
    (entries[index] ?? []).map((entry) => ({ entry, part: partOf(volume, entry) })),
  );
  const start = all.findIndex(({ entry }) => entry === video);
  const end = all.findIndex(({ entry }, index) => index >= start && !entry.isSplitAfter);
  const parts = all.slice(start, end + 1).filter(({ entry }) => entry.name === video.name);
  const sizeBytes = parts.reduce((sum, { entry }) => sum + entry.data.end - entry.data.start, 0);
  if (end < 0 || (video.sizeBytes ?? sizeBytes) !== sizeBytes)
    throw unsupported('in RAR archives, and some of them are missing');
  return { name: video.name, parts: parts.map(({ part }) => part) };
}

/** The largest video that starts in the entries. @throws AppError UNSUPPORTED_MEDIA when it is encrypted or compressed */
function videoIn(entries: readonly RarEntry[]): RarEntry | undefined {
  const videos = entries.filter(({ name, isSplitBefore }) => isVideoFileName(name) && !isSplitBefore);
  const sizeOf = ({ sizeBytes, data }: RarEntry): number => sizeBytes ?? data.end - data.start;
  const [video] = videos.toSorted((one, other) => sizeOf(other) - sizeOf(one));
  if (video?.isEncrypted === true) throw locked();
  if (video?.isStored === false) throw unsupported('in RAR archives and compressed, which cannot be streamed');
  return video;
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
    const bytes = Buffer.allocUnsafeSlow(range.end - range.start);
    while (reader.position < range.end) await reader.read(bytes.subarray(reader.position - range.start), signal);
    return bytes;
  };
  return { sizeBytes, read };
}

function locked(): AppError {
  return unsupported('in RAR archives that are locked with a password');
}

function unsupported(how: string, cause?: unknown): AppError {
  return new AppError('UNSUPPORTED_MEDIA', `The film is packed ${how}`, { cause });
}
