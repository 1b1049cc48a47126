// A child process of the server, a real one: what it says, how it ends, and that it is noted for as long as it lives.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { ForkedProcess } from '../../src/base/forked-process.ts';

/** What a test sees of a process whose main module is `text`. */
interface Seen {
  child: ForkedProcess;
  messages: unknown[];
  lines: string[];
  /** Ids that are noted. */
  noted: Set<number>;
  heard(count: number): Promise<void>;
}

function run(text: string, env?: Record<string, string>): Seen & Disposable {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'raffi-forked-'));
  const path = join(folder.path, 'child.mjs');
  writeFileSync(path, text);
  const noted = new Set<number>();
  const messages: unknown[] = [];
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const child = new ForkedProcess({
    entry: pathToFileURL(path),
    execArgv: [],
    env,
    recordChild: (pid) => {
      noted.add(pid);
      return { forget: () => noted.delete(pid) };
    },
    onMessage: (message) => {
      messages.push(message);
      for (const wake of waiting.splice(0)) wake();
    },
    linesPerSecond: 20,
    onLine: (line) => lines.push(line),
  });
  return {
    child,
    messages,
    lines,
    noted,
    heard: async (count) => {
      while (messages.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    [Symbol.dispose]: () => {
      child.kill();
      folder[Symbol.dispose]();
    },
  };
}

test('messages go both ways, with bytes in them', async () => {
  using seen = run("process.on('message', (message) => process.send({ back: message }));");
  seen.child.send({ bytes: new Uint8Array([1, 2]) });
  await seen.heard(1);
  assert.deepEqual(seen.messages, [{ back: { bytes: new Uint8Array([1, 2]) } }]);
});

test('it is noted while it lives, and says how it ended', async () => {
  using seen = run('process.exitCode = 3; process.send(process.pid); process.disconnect();');
  const { pid } = seen.child;
  assert.deepEqual([...seen.noted], [pid]);
  assert.equal(await seen.child.exited, 'exit code 3');
  assert.deepEqual(seen.messages, [pid]);
  assert.equal(seen.noted.size, 0);
});

test('a killed process ends by its signal, and what is sent to it afterwards is lost', async () => {
  using seen = run('setInterval(() => {}, 1000);');
  seen.child.kill();
  assert.match(await seen.child.exited, process.platform === 'win32' ? /./u : /^signal SIGKILL$/u);
  seen.child.send({ type: 'late' });
  seen.child.disconnect();
});

test('a process that only listens ends when the channel is closed', async () => {
  using seen = run("process.on('message', () => {}); process.send('up');");
  await seen.heard(1);
  seen.child.disconnect();
  assert.equal(await seen.child.exited, 'exit code 0');
});

test('its standard error comes as lines, and no more of them than is wanted', async () => {
  using seen = run("console.error('one\\n\\ntwo'); for (let n = 0; n < 100; n += 1) console.error('x'.repeat(1000));");
  await seen.child.exited;
  while (seen.lines.at(-1)?.includes('left out') !== true) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(seen.lines.slice(0, 3), ['one', 'two', 'x'.repeat(400)]);
  assert.equal(seen.lines.length, 21);
  assert.equal(seen.lines.at(-1), '(82 lines left out)');
});

test('it has the environment it is given', async () => {
  using seen = run("process.send(process.env['ONLY']);", { ONLY: 'this' });
  await seen.heard(1);
  assert.deepEqual(seen.messages, ['this']);
});
