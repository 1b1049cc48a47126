// The main modules of the processes and threads of the server. In the source tree each lies in the folder of its part; a bundle has them
// beside each other.
const IS_SOURCE_TREE = import.meta.url.endsWith('.ts');

/** The URL of an entry by its path below `src/`: `media/worker/segment-worker.ts`. */
export function entryModule(path: `${string}.ts`): URL {
  return IS_SOURCE_TREE ? new URL(`../${path}`, import.meta.url) : new URL(`./${bundledName(path)}`, import.meta.url);
}

/** The file name of an entry in the bundle: `segment-worker.js`. */
export function bundledName(path: `${string}.ts`): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.ts$/u, '.js');
}
