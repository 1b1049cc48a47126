// Loads the bundle of the server, its workers and its torrent engine, so that it is in Node's cache of compiled code before the first start.
// Without it every process compiles all for itself: the first server of an installation takes 40 MB more, and the first torrent waits.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WORKER_FLAGS } from '../src/config/worker-environment.ts';

const BUILD = new URL('../build/', import.meta.url);

function started(file: string, { flags, args }: { flags: string[]; args: string[] }): ChildProcess {
  const path = fileURLToPath(new URL(file, BUILD));
  return fork(path, args, { execArgv: flags, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

// All of it is loaded before a version can be printed.
const server = started('main.js', { flags: process.execArgv, args: ['--version'] });
const worker = started('segment-worker.js', { flags: WORKER_FLAGS, args: [] });
const engine = started('torrent-process.js', { flags: process.execArgv, args: [] });
engine.send({ type: 'ping' });
// The first message of either says that it is up.
for (const child of [worker, engine]) child.once('message', () => child.disconnect());
await Promise.all([server, worker, engine].map((child) => once(child, 'exit')));
