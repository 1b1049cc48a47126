import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rename, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { FileSource } from '../../../src/sources/file/file-source.ts';
import { never } from '../../contract/source-contract.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';
import { appError, openLocal, openUrl, temporaryDirectory } from '../opened.ts';

const CONTENT = sampleBytes(500_000);

test('a file is opened by workers directly', async () => {
  await using opened = await openLocal(CONTENT);
  const { size, mtimeNs, dev, ino } = await stat(opened.path, { bigint: true });
  const identity = { sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: `${dev}:${ino}` };
  assert.deepEqual(opened.source.input, { kind: 'file', path: opened.path, ...identity });
  assert.equal(opened.source.name, 'film.mkv');
});

test('the same file has the same id when it is opened again, a changed one another', async () => {
  await using opened = await openLocal(CONTENT);
  const idNow = async (): Promise<string> => {
    await using source = await FileSource.open(opened.path, never());
    return source.id;
  };
  assert.equal(await idNow(), opened.source.id);
  await writeFile(opened.path, sampleBytes(500_000, 3));
  assert.notEqual(await idNow(), opened.source.id);
});

const CHANGES: [string, (path: string) => Promise<void>][] = [
  ['shortened', (path) => truncate(path, 1000)],
  ['appended to', (path) => appendFile(path, 'x')],
  ['overwritten', (path) => writeFile(path, sampleBytes(500_000, 3))],
  [
    'replaced by another',
    async (path) => {
      await writeFile(`${path}.new`, sampleBytes(500_000, 3));
      await rename(`${path}.new`, path);
    },
  ],
];
for (const [name, change] of CHANGES) {
  test(`a file that is ${name} while it is open is reported as changed`, async () => {
    await using opened = await openLocal(CONTENT);
    await opened.source.read({ start: 0, end: 100 }, never());
    await change(opened.path);
    await assert.rejects(opened.source.read({ start: 0, end: 100 }, never()), appError('SOURCE_CHANGED', /changed/));
  });
}

test('a file that is deleted while it is open is reported as gone', async () => {
  await using opened = await openLocal(CONTENT);
  await unlink(opened.path);
  await assert.rejects(opened.source.read({ start: 0, end: 100 }, never()), appError('SOURCE_NOT_FOUND'));
});

test('an empty file, a web page and a playlist are not media', async () => {
  await using stack = new AsyncDisposableStack();
  const path = join(await temporaryDirectory(stack), 'a.mkv');
  const open = (): Promise<unknown> => openUrl(stack, path, {});
  await writeFile(path, '');
  await assert.rejects(open(), appError('NOT_MEDIA', /The file is empty/));
  await writeFile(path, '<!DOCTYPE html><html></html>');
  await assert.rejects(open(), appError('NOT_MEDIA', /web page/));
  await writeFile(path, '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n');
  await assert.rejects(open(), appError('UNSUPPORTED_MEDIA', /Playlists/));
});

test('a film is looked at again when it is opened: it must still lie where the owner says', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const films = join(directory, 'films');
  await mkdir(films);
  const path = join(films, 'a.mkv');
  await writeFile(path, CONTENT);
  const open = () => openUrl(stack, path, { options: { mediaRoots: [films] } });
  assert.equal((await open()).opened.kind, 'media');
  // A session may be opened long after it was made.
  await rename(path, join(directory, 'outside.mkv'));
  await symlink(join(directory, 'outside.mkv'), path);
  await assert.rejects(open(), appError('SOURCE_FORBIDDEN', /outside/));
});

test('opening a pipe never blocks', { skip: process.platform === 'win32' }, async () => {
  await using stack = new AsyncDisposableStack();
  const path = join(await temporaryDirectory(stack), 'pipe.mkv');
  execFileSync('mkfifo', [path]);
  await assert.rejects(FileSource.open(path, never()), appError('SOURCE_UNUSABLE', /pipe/));
});
