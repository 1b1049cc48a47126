import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

import { InstanceDirectory, isAliveInstance } from '../../src/server/instance-directory.ts';
import { isSameProcess, processStart } from '../../src/server/process-start.ts';

function directory(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'raffi-test-instance-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What a killed server leaves: its directory with a lock nobody holds. */
function deadInstance(tmp: string): string {
  const path = join(tmp, 'raffi', 'server-1-0123456789ab');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'lock.db'), '');
  return path;
}

test('living servers leave each other alone and clean up behind themselves', async () => {
  using tmp = directory();
  const first = new InstanceDirectory(tmp.path);
  const second = new InstanceDirectory(tmp.path);
  assert.ok(isAliveInstance(first.path));
  assert.deepEqual(await second.removeDeadNeighbours(), { directories: 0, processes: 0 });
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  assert.ok(existsSync(first.path));
  assert.equal(isAliveInstance(second.path), false);
  first[Symbol.dispose]();
  assert.deepEqual(readdirSync(tmp.path), []);
});

test('what a dead server left goes, with the processes it had', { skip: process.platform === 'win32' }, async () => {
  using tmp = directory();
  const dead = deadInstance(tmp.path);
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const innocent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)));
  try {
    writeFileSync(join(dead, `child-${orphan.pid}-${processStart(orphan.pid ?? 0)}`), '');
    writeFileSync(join(dead, `child-${innocent.pid}-another-start`), '');
    using instance = new InstanceDirectory(tmp.path);
    assert.deepEqual(await instance.removeDeadNeighbours(), { directories: 1, processes: 1 });
    assert.equal(await ended, 'SIGKILL');
    assert.equal(innocent.exitCode ?? innocent.signalCode, null);
    assert.deepEqual(readdirSync(join(tmp.path, 'raffi')), [basename(instance.path)]);
  } finally {
    orphan.kill('SIGKILL');
    innocent.kill('SIGKILL');
  }
});

test(
  'links, other names and servers that just begin are left alone',
  { skip: process.platform === 'win32' },
  async () => {
    using tmp = directory();
    const root = join(tmp.path, 'raffi');
    mkdirSync(join(root, 'films'), { recursive: true });
    mkdirSync(join(root, 'server-2-0123456789ab'));
    symlinkSync(join(root, 'films'), join(root, 'server-3-0123456789ab'));
    using instance = new InstanceDirectory(tmp.path);
    assert.deepEqual(await instance.removeDeadNeighbours(), { directories: 0, processes: 0 });
    assert.equal(readdirSync(root).length, 4);
  },
);

test('a root that is a link to somewhere is not used', { skip: process.platform === 'win32' }, () => {
  using tmp = directory();
  mkdirSync(join(tmp.path, 'elsewhere'));
  symlinkSync(join(tmp.path, 'elsewhere'), join(tmp.path, 'raffi'));
  using instance = new InstanceDirectory(tmp.path);
  assert.match(instance.path, /raffi-\d+/u);
  assert.deepEqual(readdirSync(join(tmp.path, 'elsewhere')), []);
});

const MAY_CHOWN = process.getuid?.() === 0;

test('a root that belongs to somebody else is not used', { skip: !MAY_CHOWN && 'only root gives files away' }, () => {
  using tmp = directory();
  const theirs = (name: string): void => {
    mkdirSync(join(tmp.path, name));
    chownSync(join(tmp.path, name), 65_534, 65_534);
  };
  theirs('raffi');
  {
    using instance = new InstanceDirectory(tmp.path);
    assert.equal(dirname(instance.path), join(tmp.path, 'raffi-0'));
    assert.deepEqual(readdirSync(join(tmp.path, 'raffi')), []);
  }
  theirs('raffi-0');
  assert.throws(() => new InstanceDirectory(tmp.path), /no directory for segments/u);
});

test('only its user may look into it', { skip: process.platform === 'win32' }, () => {
  using tmp = directory();
  using instance = new InstanceDirectory(tmp.path);
  for (const path of [instance.path, join(tmp.path, 'raffi')]) assert.equal(statSync(path).mode & 0o777, 0o700, path);
});

test('a recorded child is forgotten when it has ended', () => {
  using tmp = directory();
  using instance = new InstanceDirectory(tmp.path);
  const child = instance.recordChild(process.pid);
  assert.equal(readdirSync(instance.path).filter((name) => name.startsWith('child-')).length, 1);
  child.forget();
  assert.equal(readdirSync(instance.path).filter((name) => name.startsWith('child-')).length, 0);
});

test('a process is known by its start', () => {
  const start = processStart(process.pid);
  if (process.platform !== 'win32') assert.ok(start !== undefined && isSameProcess(process.pid, start));
  assert.equal(isSameProcess(process.pid, 'another'), false);
  assert.equal(processStart(2 ** 22 + 1), undefined);
});
