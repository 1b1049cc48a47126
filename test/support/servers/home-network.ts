// A home network of two machines: two connected network namespaces where the kernel allows it, else this machine and its own network address.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { networkInterfaces } from 'node:os';

export interface HomeNetwork extends Disposable {
  /** Command prefixes that run a command on the server's machine and on the other one. */
  server: string[];
  device: string[];
  /** Addresses of the server and of the device in the network. */
  serverHost: string;
  deviceHost: string | undefined;
  /** A public address on the other machine; undefined without a second machine. */
  publicHost: string | undefined;
}

const PUBLIC = '203.0.114.9';

/** Undefined without namespaces and without a network address. */
export function homeNetwork(): HomeNetwork | undefined {
  return namespaces() ?? thisMachine();
}

function namespaces(): HomeNetwork | undefined {
  const [server, device] = [`raffi-s${process.pid}`, `raffi-d${process.pid}`];
  const [serverHost, deviceHost] = ['192.168.77.1', '192.168.77.2'];
  const dispose = (): void => {
    for (const name of [server, device]) ip(`netns delete ${name}`);
  };
  const steps = [
    `netns add ${server}`,
    `netns add ${device}`,
    `-n ${server} link add lan0 type veth peer name lan0 netns ${device}`,
    ...[server, device].flatMap((name) => [`-n ${name} link set lo up`, `-n ${name} link set lan0 up`]),
    `-n ${server} address add ${serverHost}/24 dev lan0`,
    `-n ${device} address add ${deviceHost}/24 dev lan0`,
    `-n ${device} address add ${PUBLIC}/32 dev lan0`,
    `-n ${server} route add ${PUBLIC}/32 dev lan0`,
  ];
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !steps.every(ip)) {
    if (process.platform === 'linux') dispose();
    return undefined;
  }
  const inside = (name: string) => ['ip', 'netns', 'exec', name];
  return {
    ...{ server: inside(server), device: inside(device), serverHost, deviceHost, publicHost: PUBLIC },
    [Symbol.dispose]: dispose,
  };
}

function ip(words: string): boolean {
  try {
    execFileSync('ip', words.split(' '), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function thisMachine(): HomeNetwork | undefined {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const address = own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  if (address === undefined) return undefined;
  return {
    server: [],
    device: [],
    serverHost: address,
    deviceHost: undefined,
    publicHost: undefined,
    [Symbol.dispose]: () => undefined,
  };
}

export interface Reply {
  status: number;
  head: string;
  body: string;
}

/** Runs curl on the machine of `prefix`. */
export function ask(prefix: string[], url: string, words: string[] = []): Reply {
  const [command, ...rest] = [...prefix, 'curl', '-s', '-i', '--max-time', '30', ...words, url];
  const answer = execFileSync(command, rest, { encoding: 'latin1', maxBuffer: 64 * 2 ** 20 });
  const [head = '', body = ''] = answer.split(/\r\n\r\n(.*)/su);
  return { status: Number(/^HTTP\/1\.1 (\d+)/u.exec(head)?.[1]), head, body };
}

/** Runs a script on that machine until it is disposed; resolves with the first line that the script prints. */
export async function runScript(
  prefix: string[],
  script: string,
): Promise<Disposable & { firstLine: string; output(): string }> {
  const [command, ...words] = [...prefix, process.execPath, '--eval', script];
  const child: ChildProcess = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const firstLine = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
    });
    child.once('exit', (code) => reject(new Error(`the script ended with ${code}`)));
  });
  return { firstLine, output: () => text, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}
