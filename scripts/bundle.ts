// Bundles the program into `build/`: few files start several times as fast as some hundred modules, and take less memory in each process.
import { mkdirSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bundledName } from '../src/base/entry-modules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = join(ROOT, 'build');

/** A server that runs may still load a chunk of the bundle that it was started from. */
const KEEP_CHUNKS_MS = 24 * 60 * 60_000;

interface Part {
  entries: `${string}.ts`[];
  /** Packages that are loaded from `node_modules`: those with native code, and those that find their own files. */
  external: string[];
}

/** Parts share no chunks: a process loads the code of its own part alone. */
const PARTS: Part[] = [
  { entries: ['cli/main.ts'], external: ['fs-native-extensions', 'parse-torrent', 'bencode'] },
  { entries: ['media/worker/segment-worker.ts'], external: ['node-av'] },
  {
    entries: [
      'torrent-engine/torrent-process.ts',
      'torrent-engine/swarm/port-mapping-worker.ts',
      'torrent-engine/webtorrent/lazy-fetch.ts',
    ],
    // The engine replaces modules and methods of its packages.
    external: ['*'],
  },
];

/** CommonJS packages in the bundle call `require` for the modules of Node. */
const REQUIRE = `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);`;

const NODE_MODULE = /^node:/;

/**
 * Modules of Node are required, not imported: for an import Node reads every export of a module at once, and behind those of `node:http` and
 * `node:crypto` are large modules that load when they are read.
 */
const REQUIRED_MODULES: Plugin = {
  name: 'required-modules',
  setup(context) {
    context.onResolve({ filter: NODE_MODULE }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'node' } : { path, external: true },
    );
    context.onLoad({ filter: NODE_MODULE, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/** Replaces the files one by one, so that a server that starts meanwhile finds whole ones. @throws BuildFailure of esbuild, which names the line */
async function bundle(): Promise<void> {
  mkdirSync(BUILD, { recursive: true });
  const files = (await Promise.all(PARTS.map(bundled))).flat();
  // Entries come last, when the chunks that they import are there.
  files.sort((one, other) => Number(isChunk(other.name)) - Number(isChunk(one.name)));
  for (const { name, contents } of files) {
    const unfinished = join(BUILD, `.${name}.${process.pid}`);
    writeFileSync(unfinished, contents);
    renameSync(unfinished, join(BUILD, name));
  }
  removeOldChunks(new Set(files.map(({ name }) => name)));
}

interface BundledFile {
  name: string;
  contents: Uint8Array;
}

async function bundled({ entries, external }: Part): Promise<BundledFile[]> {
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => ({
      in: join(ROOT, 'src', entry),
      out: basename(bundledName(entry), '.js'),
    })),
    outdir: BUILD,
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [REQUIRED_MODULES],
    ...(external.includes('*') ? { packages: 'external' as const } : { external }),
  });
  return outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }));
}

function isChunk(name: string): boolean {
  return name.startsWith('chunk-');
}

function removeOldChunks(current: ReadonlySet<string>): void {
  for (const name of readdirSync(BUILD)) {
    const path = join(BUILD, name);
    if (!current.has(name) && Date.now() - statSync(path).mtimeMs > KEEP_CHUNKS_MS) unlinkSync(path);
  }
}

await bundle();
