// The start of the server: how soon it answers, what it costs until it is idle, and the memory of all its processes, at rest and after films.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { clip } from '../test/support/clips/clips.ts';
import { MAIN, serverEnvironment, serverHome, startServer } from '../test/support/servers/server-process.ts';
import { childrenOf, cpuSeconds, median, pause, proportionalMb, type Row } from './measure.ts';
import { request } from './http-client.ts';
import { closeSession, fetchAll, openSession, segmentUrl } from './viewing.ts';

const ROUNDS = 7;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BARE =
  "require('node:http').createServer((_, reply) => reply.end('{}')).listen(0, '127.0.0.1', function () { console.log(`listening on http://127.0.0.1:${this.address().port}`) })";
const SETTLE_MS = 3000;
/** Half a minute after the last job the workers end. */
const IDLE_MS = 36_000;

export async function starting(): Promise<Row[]> {
  const server = await firstAnswers([process.execPath, '--max-semi-space-size=2', MAIN]);
  const npm = await firstAnswers(['npm', 'start', '--silent']);
  const bare = await firstAnswers([process.execPath, '-e', BARE]);
  const limits = `a bare Node server: ${bare.toFixed(0)} ms`;
  return [
    row(`spawn to the first answer of \`GET /\`, p50 (${limits})`, server, { unit: 'ms', most: 250 }),
    row('... by `npm start`', npm, { unit: 'ms', most: 600 }),
    ...(await atRest()),
  ];
}

/** The median of the milliseconds from the start of a command to the first answer. */
async function firstAnswers(command: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await firstAnswer(command));
  return median(times);
}

async function firstAnswer([program = '', ...words]: readonly string[]): Promise<number> {
  await using home = await serverHome();
  const startedMs = performance.now();
  const child = spawn(program, words, { cwd: ROOT, env: serverEnvironment(home), stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${program} ended: ${output}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /listening on (http:\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  await request({ method: 'GET', url: `${url}/` });
  const milliseconds = performance.now() - startedMs;
  child.kill('SIGTERM');
  await ended;
  return milliseconds;
}

async function atRest(): Promise<Row[]> {
  await using server = await startServer({ env: { RAFFI_LOG_LEVEL: 'warn' } });
  await pause(SETTLE_MS);
  const seconds = cpuSeconds(server.pid);
  const processes = 1 + childrenOf(server.pid).length;
  const rest = proportionalMb(server.pid);
  for (const name of ['long-1080p-mkv', 'mp4-faststart', 'long-1080p'] as const)
    await view(server.url, await clip(name));
  await pause(IDLE_MS);
  const after = proportionalMb(server.pid);
  return [
    row('processor time until it is idle', seconds, { unit: 's', most: 0.5 }),
    row(`memory at rest, ${processes} processes, PSS`, rest, { unit: 'MB', most: 100 }),
    row('memory after three films, closed for half a minute, above that', after - rest, { unit: 'MB', most: 20 }),
  ];
}

async function view(serverUrl: string, film: string): Promise<void> {
  const session = await openSession(serverUrl, film);
  await fetchAll(`${session.url}/stream.m3u8`);
  for (const number of [0, 1, 2, 4]) await fetchAll(segmentUrl(session, 'original', number));
  for (const number of [0, 3]) await fetchAll(segmentUrl(session, '360p', number));
  await closeSession(session);
}

function row(name: string, figure: number, { unit, most }: { unit: 'ms' | 's' | 'MB'; most: number }): Row {
  return {
    name,
    figure: `${figure.toFixed(unit === 's' ? 2 : 0)} ${unit}`,
    limit: `${most} ${unit}`,
    holds: figure <= most,
  };
}
