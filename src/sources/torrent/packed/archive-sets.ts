// Finds the archives among the files of a torrent by file names: the volumes of each archive, in order.
import type { TorrentFile } from '../../../torrent-engine/protocol/torrent-engine.ts';

/** `numbered`: a file split into parts, `name.mkv.001`; its first bytes decide the format. */
export type ArchiveFormat = 'rar' | 'numbered' | 'zip' | '7z';

export interface ArchiveSet {
  format: ArchiveFormat;
  /** Path without the suffix of the volume. */
  path: string;
  /** The volumes in order. */
  volumes: readonly TorrentFile[];
  sizeBytes: number;
  /** The first volume, or one in the middle, is not in the torrent. */
  hasGaps: boolean;
}

interface Volume {
  format: ArchiveFormat;
  path: string;
  number: number;
}

/** The archives, in the order of their first volumes in the torrent. */
export function archiveSets(files: readonly TorrentFile[]): ArchiveSet[] {
  const named = files.flatMap((file) => {
    const volume = file.isPadding || file.sizeBytes === 0 ? undefined : volumeOf(file.path);
    return volume === undefined ? [] : [{ file, volume }];
  });
  const sets = Map.groupBy(named, ({ volume }) => `${volume.format} ${volume.path.toLowerCase()}`);
  return [...sets.values()].flatMap((members) => {
    const [first, ...others] = members.toSorted((one, other) => one.volume.number - other.volume.number);
    return first === undefined ? [] : [archiveSet([first, ...others])];
  });
}

function archiveSet(
  members: readonly [{ file: TorrentFile; volume: Volume }, ...{ file: TorrentFile; volume: Volume }[]],
): ArchiveSet {
  const [{ volume: first }] = members;
  const volumes = members.map(({ file }) => file);
  return {
    format: first.format,
    path: first.path,
    volumes,
    sizeBytes: volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    hasGaps: members.some(({ volume }, index) => volume.number !== index),
  };
}

/** Numbers start at 0, for `name.part1.rar`, `name.rar` (before `name.r00`) and `name.001`. */
function volumeOf(path: string): Volume | undefined {
  const part = /^(?<path>.*)\.part(?<number>\d{1,5})\.rar$/iu.exec(path)?.groups;
  if (part) return { format: 'rar', path: `${part['path']}`, number: Number(part['number']) - 1 };
  const plain = /^(?<path>.*)\.(?<format>rar|zip|7z)$/iu.exec(path)?.groups;
  if (plain) return { format: formatOf(`${plain['format']}`), path: `${plain['path']}`, number: 0 };
  const old = /^(?<path>.*)\.(?<letter>[r-y])(?<number>\d{2})$/iu.exec(path)?.groups;
  if (old) {
    const hundreds = `${old['letter']}`.toLowerCase().charCodeAt(0) - 'r'.charCodeAt(0);
    return { format: 'rar', path: `${old['path']}`, number: hundreds * 100 + Number(old['number']) + 1 };
  }
  const numbered = /^(?<path>.*)\.(?<number>\d{3})$/u.exec(path)?.groups;
  if (!numbered) return undefined;
  return { format: 'numbered', path: `${numbered['path']}`, number: Number(numbered['number']) - 1 };
}

function formatOf(extension: string): ArchiveFormat {
  const lower = extension.toLowerCase();
  return lower === 'zip' || lower === '7z' ? lower : 'rar';
}
