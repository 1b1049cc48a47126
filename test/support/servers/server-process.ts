// The program as a user starts it: a separate process with its own directories, observed through its output.
import { spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line of `npm start`. */
const FLAGS = ['--max-semi-space-size=2'];

/** The bundle, as users start it; while lines are counted, the sources. */
const ENTRY = process.env['NODE_V8_COVERAGE'] === undefined ? 'build/main.js' : 'src/cli/main.ts';
export const MAIN = fileURLToPath(new URL(`../../../${ENTRY}`, import.meta.url));

/** Directories of one server, or of several that run one after the other. */
export interface ServerHome extends AsyncDisposable {
  data: string;
  tmp: string;
}

export interface ServerProcess extends AsyncDisposable {
  url: string;
  pid: number;
  child: ChildProcess;
  home: ServerHome;
  /** Output so far. */
  output(): string;
  /** Sends a signal and waits for the end of the process. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null; milliseconds: number }>;
}

export async function serverHome(): Promise<ServerHome> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-black-box-'));
  // The torrent engine of a server that has ended writes on for up to half a second.
  const dispose = () => rm(directory, { recursive: true, force: true, maxRetries: 8, retryDelay: 50 });
  return { data: join(directory, 'data'), tmp: directory, [Symbol.asyncDispose]: dispose };
}

/** Torrents use only named peers and trackers, which may be on this machine. */
const LOOPBACK_TORRENTS = {
  RAFFI_TORRENT_LISTEN: '127.0.0.1',
  RAFFI_TORRENT_DHT: '0',
  RAFFI_TORRENT_LSD: '0',
  RAFFI_TORRENT_PORT_MAPPING: '0',
  RAFFI_TORRENT_PRIVATE_PEERS: '1',
};

/** The code cache, and where `npm run coverage` collects counts. */
const KEPT = ['NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE'];

/** Environment of a server, without the settings of the test run. */
export function serverEnvironment(
  home: ServerHome,
  more: Record<string, string> = {},
): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('RAFFI_') && (!name.startsWith('NODE_') || KEPT.includes(name)),
  );
  const own = {
    RAFFI_SERVER_ADDR: '127.0.0.1:0',
    RAFFI_DATA_DIR: home.data,
    RAFFI_TMP_DIR: home.tmp,
    ...LOOPBACK_TORRENTS,
  };
  return { ...Object.fromEntries(inherited), ...own, ...more };
}

export interface StartOptions {
  /** Owned by the caller; default: a home that is removed with the server. */
  home?: ServerHome;
  env?: Record<string, string>;
  /** User and group id to run as, for tests that run as root. */
  uid?: number;
  /** Command prefix that runs the server in another network; it must replace itself by the command. */
  prefix?: string[];
}

/** Starts the server and waits until it prints its address. */
export async function startServer(options: StartOptions = {}): Promise<ServerProcess> {
  const home = options.home ?? (await serverHome());
  const { uid } = options;
  if (uid !== undefined) await chown(home.tmp, uid, uid);
  const [command, ...words] = [...(options.prefix ?? []), process.execPath, ...FLAGS, MAIN];
  const child = spawn(command, words, {
    env: serverEnvironment(home, options.env),
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const url = await Promise.race([address(() => output.join('')), ended.then(() => undefined)]);
  if (url === undefined) throw new Error(`the server did not start: ${output.join('')}`);
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const before = performance.now();
    child.kill(signal);
    return { ...(await ended), milliseconds: performance.now() - before };
  };
  const dispose = async () => {
    await end('SIGKILL');
    if (options.home === undefined) await home[Symbol.asyncDispose]();
  };
  return { url, pid: child.pid ?? 0, child, home, end, output: () => output.join(''), [Symbol.asyncDispose]: dispose };
}

async function address(output: () => string): Promise<string | undefined> {
  for (let tries = 0; tries < 3000; tries++) {
    const url = /listening on (http:\S+)/u.exec(output())?.[1];
    if (url !== undefined) return url;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return undefined;
}

/** Creates a session and returns its id. */
export async function newSession(url: string, body: Record<string, unknown>): Promise<string> {
  const reply = await fetch(`${url}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  const id = /"id":"([^"]+)"/u.exec(text)?.[1];
  if (id === undefined) throw new Error(`no session: ${text}`);
  return id;
}
