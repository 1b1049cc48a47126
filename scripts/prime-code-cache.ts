// Loads what the server and its workers run, so that it is in Node's cache of compiled code before the first start. Without it every
// process compiles all for itself, and the first server of an installation takes 40 MB more.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WORKER_ENTRY, WORKER_FLAGS } from '../src/compose-media.ts';

const MAIN = new URL('../src/cli/main.ts', import.meta.url);

function started(file: URL, { flags, args }: { flags: string[]; args: string[] }): ChildProcess {
  return fork(fileURLToPath(file), args, { execArgv: flags, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

// All of it is loaded before a version can be printed.
const server = started(MAIN, { flags: process.execArgv, args: ['--version'] });
const worker = started(WORKER_ENTRY, { flags: WORKER_FLAGS, args: [] });
// Its first message says that it is up.
worker.once('message', () => worker.disconnect());
await Promise.all([once(server, 'exit'), once(worker, 'exit')]);
