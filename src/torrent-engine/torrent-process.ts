// The torrent engine's process: takes orders as messages, tells what is on the disk. A crash here costs some seconds; the server starts another.
import { flushCompileCache } from 'node:module';
import type { EngineOrder, EngineReport } from './protocol/engine-protocol.ts';
import type { Engine } from './engine.ts';
import { leaveOutUnusedParts } from './webtorrent/unused-parts.ts';

const END_LIMIT_MS = 500;
const MOST_THROWN_A_MINUTE = 20;

let opening: Promise<Engine> | undefined;
let engine: Engine | undefined;
let thrown = 0;

leaveOutUnusedParts();
// The parts of the process; an answer to a ping has to wait for them.
const loading = Promise.all([import('./engine.ts'), import('../state/sqlite/sqlite-torrent-store.ts')]);

function send(report: EngineReport): void {
  process.send?.(report);
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function obey(order: EngineOrder): Promise<void> {
  if (order.type === 'ping') return loading.then(() => send({ type: 'here' }));
  if (order.type === 'stop') return stop();
  if (order.type === 'start') {
    opening = loading.then(([{ Engine: Opened }, { openTorrentStore: openStore }]) =>
      Opened.open(order, { send, log, openStore }),
    );
    engine = await opening;
    send({ type: 'ready' });
    flushCompileCache();
  } else (await opening)?.obey(order);
}

/** Native parts are not torn down: that can hang, and the system takes everything back. */
async function stop(): Promise<void> {
  setTimeout(() => process.exit(0), END_LIMIT_MS);
  await engine?.[Symbol.asyncDispose]();
  process.exit(0);
}

/** A bad torrent or peer can make the library throw where nobody catches: it costs a line, unless it goes on and on. */
function survive(error: unknown): void {
  thrown += 1;
  log(`torrent library: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (thrown > MOST_THROWN_A_MINUTE) process.exit(1);
}

/** Answers of trackers that break off, as many as there are bad trackers: the library is not at a loss where it was. */
function shrug(error: unknown): void {
  log(`torrent library: ${error instanceof Error ? error.message : String(error)}`);
}

setInterval(() => (thrown = 0), 60_000).unref();
process.on('uncaughtException', survive);
process.on('unhandledRejection', shrug);
process.on('message', (order: EngineOrder) => {
  obey(order).catch((error: unknown) => {
    survive(error);
    if (order.type === 'start') process.exit(1);
  });
});
// The server is gone. What is on the disk stays for the next one.
process.on('disconnect', () => {
  engine?.saveAll();
  process.exit(0);
});
