// The process of the torrent engine: receives orders as messages, reports what is on the disk. After a crash the server starts another process
// within seconds.
import { flushCompileCache } from 'node:module';
import type { EngineOrder, EngineReport } from './protocol/engine-protocol.ts';
import type { Engine } from './engine.ts';
import { stubUnusedModules } from './webtorrent/webtorrent-stubs.ts';

const END_LIMIT_MS = 500;
const MOST_THROWN_A_MINUTE = 20;

let opening: Promise<Engine> | undefined;
let engine: Engine | undefined;
let thrown = 0;

stubUnusedModules();
// The modules of the process; the answer to a ping waits until they are loaded.
const loading = Promise.all([import('./engine.ts'), import('../state/sqlite/sqlite-torrent-store.ts')]);

function send(report: EngineReport): void {
  process.send?.(report);
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function execute(order: EngineOrder): Promise<void> {
  if (order.type === 'ping') return loading.then(() => send({ type: 'pong' }));
  if (order.type === 'stop') return stop();
  if (order.type === 'start') {
    opening = loading.then(([{ Engine: Opened }, { openTorrentStore: openStore }]) =>
      Opened.open(order, { send, log, openStore }),
    );
    engine = await opening;
    send({ type: 'ready' });
    flushCompileCache();
  } else (await opening)?.execute(order);
}

/** Native modules are not closed: that can hang, and the operating system frees their resources. */
async function stop(): Promise<void> {
  setTimeout(() => process.exit(0), END_LIMIT_MS);
  await engine?.[Symbol.asyncDispose]();
  process.exit(0);
}

/** A bad torrent or peer can make the library throw outside of any `catch`. The error is logged; too many within a minute end the process. */
function onUncaughtException(error: unknown): void {
  thrown += 1;
  log(`torrent library: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (thrown > MOST_THROWN_A_MINUTE) process.exit(1);
}

/** Tracker responses that break off reject promises of the library. Its state stays valid, so these errors are logged and not counted. */
function onUnhandledRejection(error: unknown): void {
  log(`torrent library: ${error instanceof Error ? error.message : String(error)}`);
}

setInterval(() => (thrown = 0), 60_000).unref();
process.on('uncaughtException', onUncaughtException);
process.on('unhandledRejection', onUnhandledRejection);
process.on('message', (order: EngineOrder) => {
  execute(order).catch((error: unknown) => {
    onUncaughtException(error);
    if (order.type === 'start') process.exit(1);
  });
});
// The server has ended. The data on the disk stays for the next server.
process.on('disconnect', () => {
  engine?.saveAll();
  process.exit(0);
});
