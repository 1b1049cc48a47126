// Starts a bare HTTP server of Node that sends one file: the yardstick for what sending costs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./bare-file-server.ts', import.meta.url));

/** Where a server sends a file, and the process that does it. */
export interface Place {
  url: string;
  pid: number;
}

/** Serves the file at the path, in a process of its own, by `createReadStream` or by blocks of 1 MiB. */
export async function bareServer(path: string, how: 'stream' | 'blocks'): Promise<Place & AsyncDisposable> {
  const child = fork(PROGRAM, [path, how]);
  const port = await new Promise((resolve) => child.once('message', resolve));
  const dispose = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { url: `http://127.0.0.1:${String(port)}/`, pid: child.pid ?? 0, [Symbol.asyncDispose]: dispose };
}
