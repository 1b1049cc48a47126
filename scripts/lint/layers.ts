// The table of layers: which folder of src/ may import which. scripts/lint/plugin.ts makes a lint rule of it, docs/architecture.md explains it.
import { posix } from 'node:path';

/** What a folder at the top of src/ may import besides `base/`. `types of x`: type imports only. */
export const HOUSE: Readonly<Record<string, readonly string[]>> = {
  cli: ['server', 'config'],
  server: [
    'http',
    'sessions',
    'presentation',
    'state',
    'cast',
    'addons',
    'media',
    'sources',
    'torrent-engine',
    'config',
  ],
  http: ['sessions', 'presentation', 'cast', 'addons'],
  web: [],
  cast: [],
  addons: [],
  sessions: ['presentation', 'state', 'media', 'sources'],
  presentation: ['state', 'hls', 'media', 'sources'],
  state: ['types of sources/port', 'types of torrent-engine/protocol'],
  hls: ['types of media/model'],
  media: ['types of sources/port'],
  sources: ['torrent-engine'],
  'torrent-engine': [],
  config: [],
  base: [],
};

/**
 * Inside of a folder, top to bottom: each entry may import those below it. Entries of one group do not know each other.
 * `.` stands for the files directly in the folder.
 */
export const FLOORS: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  http: ['.', 'routes', 'reply', 'access', 'schemas'],
  presentation: ['relay', '.'],
  state: ['sqlite', '.'],
  media: [
    ['clip', 'schedule', 'subtitles'],
    'probe',
    'plan',
    'store',
    'pool',
    'worker',
    ['fmp4', 'mpegts', 'index'],
    'bitstream',
    'model',
  ],
  'media/store': ['local', '.'],
  'media/index': ['.', ['matroska', 'mp4'], 'container'],
  'media/worker': ['.', ['copy', 'scan'], 'sessions', 'libav', 'encode', 'protocol'],
  'media/worker/libav': [['describe', 'audio', 'video'], 'demux', 'codec'],
  sources: ['open', ['endpoint', 'file', 'http', 'torrent'], 'port'],
  'sources/http': [['ranged', 'spool', 'relay'], 'response', 'client'],
  'sources/torrent': ['.', ['engine-client', 'packed']],
  'torrent-engine': ['.', 'storage', 'swarm', ['download', 'webtorrent'], 'protocol'],
};

/** Folders whose code runs in a process of its own: others see their protocol alone. */
export const PROTOCOLS: Readonly<Record<string, string>> = {
  'media/worker': 'media/worker/protocol',
  'torrent-engine': 'torrent-engine/protocol',
};

/** Main files of child processes compose their process, as server/ does: what each may import besides. */
const COMPOSERS: Readonly<Record<string, readonly string[]>> = {
  'torrent-engine/torrent-process.ts': ['state/sqlite'],
};

/** The folder that alone imports a package. */
const OWNERS: Readonly<Record<string, string>> = {
  'node-av': 'media/worker/libav',
  webtorrent: 'torrent-engine',
  'node:sqlite': 'state/sqlite',
};

export interface Import {
  /** Path of the file that imports, from `src/` on. */
  from: string;
  /** A package, or a path relative to the file. */
  specifier: string;
  isType: boolean;
}

/** Why the import breaks the table, in words; undefined: it does not. */
export function faultOf({ from, specifier, isType }: Import): string | undefined {
  if (!specifier.startsWith('.')) return packageFault(from, specifier);
  const to = posix.join(posix.dirname(from), specifier);
  if (to === '../package.json') return undefined;
  if (to.startsWith('..')) return `src/ imports nothing outside of it, and not "${to}"`;
  return protocolFault(from, to) ?? houseFault({ from, to, isType }) ?? floorFault(from, to);
}

function packageFault(from: string, specifier: string): string | undefined {
  const owned = Object.keys(OWNERS).find((name) => specifier === name || specifier.startsWith(`${name}/`));
  const owner = owned === undefined ? undefined : OWNERS[owned];
  return owner === undefined || isIn(from, owner) ? undefined : `only src/${owner}/ imports "${specifier}"`;
}

function protocolFault(from: string, to: string): string | undefined {
  for (const [folder, protocol] of Object.entries(PROTOCOLS))
    if (isIn(to, folder) && !isIn(from, folder) && !isIn(to, protocol))
      return `src/${folder}/ runs in its own process: import from src/${protocol}/`;
  return undefined;
}

function houseFault({ from, to, isType }: { from: string; to: string; isType: boolean }): string | undefined {
  const above = topOf(from);
  const below = topOf(to);
  if (above === below || below === 'base' || COMPOSERS[from]?.some((folder) => isIn(to, folder)) === true)
    return undefined;
  const allowed = HOUSE[above] ?? [];
  for (const entry of allowed) {
    const typesOnly = entry.startsWith('types of ') ? entry.slice('types of '.length) : undefined;
    if (typesOnly === undefined ? entry === below : isType && isIn(to, typesOnly)) return undefined;
  }
  return `src/${above}/ imports ${[...allowed, 'base'].join(', ')}, and not "${to}"`;
}

/** The same for the folders inside of the one that both files have in common. */
function floorFault(from: string, to: string): string | undefined {
  const common = commonFolder(from, to);
  const [above, below] = [childOf(from, common), childOf(to, common)];
  if (common === '' || above === below) return undefined;
  const floors = FLOORS[common];
  if (floors === undefined) return `scripts/lint/layers.ts has no floors for src/${common}/`;
  const [upper, lower] = [above, below].map((child) => floors.findIndex((floor) => [floor].flat().includes(child)));
  if (upper === undefined || lower === undefined || upper < 0 || lower < 0)
    return `scripts/lint/layers.ts has no floor for "${upper === -1 ? above : below}" in src/${common}/`;
  return upper < lower ? undefined : `in src/${common}/, "${above}" does not stand above "${below}"`;
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function topOf(path: string): string {
  return path.split('/', 1)[0] ?? '';
}

function commonFolder(from: string, to: string): string {
  let common = posix.dirname(from);
  while (common !== '.' && !isIn(to, common)) common = posix.dirname(common);
  return common === '.' ? '' : common;
}

function childOf(path: string, folder: string): string {
  const [child = '', ...rest] = path.slice(folder.length + 1).split('/');
  return rest.length === 0 ? '.' : child;
}
