// The process chain of `npm start`: npm, a shell, the setup script, the server. A signal to any of them ends all, and a server that
// was meant to outlive its starter does.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { IS_LINUX, isAlive, parentOf, until } from '../support/servers/server-children.ts';
import { serverEnvironment, serverHome, type ServerHome } from '../support/servers/server-process.ts';
import { membersOf } from '../support/viewers/viewer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPT = 'scripts/with-setup.mjs';
const MAIN = 'build/main.js';
const START_LIMIT_MS = 60_000;
/** The server has half a second, and the script checks for npm four times a second. */
const END_LIMIT_MS = 4000;

interface Started extends AsyncDisposable {
  /** The spawned process. */
  first: ChildProcess;
  firstPid: number;
  wrapperPid: number;
  serverPid: number;
  home: ServerHome;
}

/** Runs a command in the project, in its own process group, and waits until a server has started. */
async function started(words: readonly string[], env: Record<string, string> = {}): Promise<Started> {
  const home = await serverHome();
  const [command = '', ...args] = words;
  const first = spawn(command, args, {
    cwd: ROOT,
    env: { ...withoutNpm(serverEnvironment(home)), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let output = '';
  first.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const address = (): string | undefined => /listening on (http:\S+)/u.exec(output)?.[1];
  await until(async () => address() !== undefined, START_LIMIT_MS, 'the server listens');
  const { pid } = membersOf(await (await fetch(address() ?? '')).json());
  const [serverPid, firstPid] = [Number(pid), first.pid ?? 0];
  const wrapperPid = parentOf(serverPid) ?? assert.fail('the server has no parent');
  const dispose = async (): Promise<void> => {
    for (const each of [firstPid, wrapperPid, serverPid]) if (isAlive(each)) process.kill(each, 'SIGKILL');
    await home[Symbol.asyncDispose]();
  };
  return { first, firstPid, wrapperPid, serverPid, home, [Symbol.asyncDispose]: dispose };
}

/** The environment without npm's variables, because the tests run under npm themselves. */
function withoutNpm(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('npm_')));
}

async function allEnd({ firstPid, wrapperPid, serverPid, home }: Started, what: string): Promise<void> {
  await until(async () => !isAlive(serverPid), END_LIMIT_MS, `the server has ended after ${what}`);
  await until(async () => ![firstPid, wrapperPid].some(isAlive), END_LIMIT_MS, `all have ended after ${what}`);
  assert.equal(existsSync(join(home.tmp, 'raffi')), false, `${what}: it ended in good order`);
}

suite('the server under npm', { skip: !IS_LINUX && 'only Linux tells who is whose child' }, () => {
  test('a signal to npm alone ends the server, also one that npm does not forward', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const) {
      await using server = await started(['npm', 'start']);
      process.kill(server.firstPid, signal);
      await allEnd(server, `${signal} to npm`);
    }
  });

  test('a signal to the script alone ends the server, and npm', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      await using server = await started(['npm', 'start']);
      process.kill(server.wrapperPid, signal);
      await allEnd(server, `${signal} to the script`);
    }
  });

  test('a signal to the server alone, or to all of them as from a terminal, ends all of them', async () => {
    await using one = await started(['npm', 'start']);
    process.kill(one.serverPid, 'SIGTERM');
    await allEnd(one, 'SIGTERM to the server');
    await using all = await started(['npm', 'start']);
    process.kill(-all.firstPid, 'SIGINT');
    await allEnd(all, 'SIGINT to all');
  });

  test('a server outlives the shell or the program that started it, with or without npm', async () => {
    const direct = `${process.execPath} ${SCRIPT} ${MAIN}`;
    // A desktop program that npm started passes its environment on.
    const ofAnotherPackage = {
      npm_lifecycle_script: `node ${SCRIPT} app`,
      npm_package_json: '/somewhere/package.json',
    };
    const ways: [string, Record<string, string>][] = [
      [`nohup ${direct} & sleep 2`, {}],
      [`${direct} & sleep 2`, ofAnotherPackage],
      ['nohup npm start & sleep 4', {}],
    ];
    for (const [command, env] of ways) {
      await using server = await started(['sh', '-c', command], env);
      await until(async () => !isAlive(server.firstPid), START_LIMIT_MS, 'the shell has ended');
      await delay(1500);
      assert.equal(isAlive(server.serverPid), true, command);
      process.kill(server.wrapperPid, 'SIGTERM');
      await allEnd(server, `the end of "${command}"`);
    }
  });
});
