import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempDisposableSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { PacedFile } from '../../src/base/paced-file.ts';

const CONTENT = randomBytes(700_001);

function contentFile(): Disposable & { path: string } {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'raffi-paced-'));
  const path = join(directory.path, 'content');
  writeFileSync(path, CONTENT);
  return { path, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test('a read fills its buffer from any position, on a thread and from the page cache, and is short only at the end', async () => {
  using content = contentFile();
  for (const isQuick of [false, true]) {
    const pace = { isQuick };
    const file = new PacedFile(content.path, pace);
    for (const [position, length] of [
      [0, 1],
      [262_143, 262_146],
      [700_000, 10],
      [700_001, 10],
      [900_000, 10],
    ] as const) {
      const buffer = Buffer.alloc(length);
      // Each read decides how the next one is done.
      pace.isQuick = isQuick;
      const bytesRead = await file.read(buffer, position);
      assert.deepEqual(buffer.subarray(0, bytesRead), CONTENT.subarray(position, position + length));
    }
    await file.close();
  }
});

test('a file that is closed during a read is closed after it, once, and read no more', async () => {
  using content = contentFile();
  const file = new PacedFile(content.path, { isQuick: false });
  const buffer = Buffer.alloc(CONTENT.length);
  const reading = file.read(buffer, 0);
  const closings = [file.close(), file.close()];
  if (process.platform === 'linux') assert.equal(descriptorsOf(content.path), 1);
  await assert.rejects(file.read(Buffer.alloc(1), 0), TypeError);
  assert.deepEqual([await reading, buffer.equals(CONTENT)], [CONTENT.length, true]);
  await Promise.all([...closings, file.close()]);
  if (process.platform === 'linux') assert.equal(descriptorsOf(content.path), 0);
});

test('a file that does not exist is not opened', () => {
  using content = contentFile();
  assert.throws(() => new PacedFile(`${content.path}-other`, { isQuick: true }), { code: 'ENOENT' });
});

function descriptorsOf(path: string): number {
  const targets = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(join('/proc/self/fd', descriptor));
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target === path).length;
}
