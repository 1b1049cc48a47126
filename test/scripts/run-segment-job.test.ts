// The script that makes one segment without a server: its bytes are those that a server sends.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { clip } from '../support/clips/clips.ts';
import { newSession, startServer } from '../support/servers/server-process.ts';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/run-segment-job.ts');

async function runScript(...words: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [SCRIPT, ...words]);
}

test('a job made from a file, and the same job read from JSON, give the bytes that a server sends', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'raffi-script-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const film = await clip('mkv-start-37.5');
  const server = stack.use(await startServer());
  const id = await newSession(server.url, { source: film, kind: 'http' });
  for (const rendition of ['original', '180p', 'audio-0']) {
    const [out, again, job] = ['out', 'again', 'json'].map((end) => join(directory, `${rendition}.${end}`));
    assert.ok(out !== undefined && again !== undefined && job !== undefined);
    await runScript(film, rendition, '1', '--out', out, '--save-job', job);
    await runScript('--job', job, '--out', again);
    const reply = await fetch(`${server.url}/sessions/${id}/${rendition}/segment00001.m4s`);
    const served = Buffer.from(await reply.arrayBuffer());
    assert.equal(reply.status, 200, served.toString());
    assert.deepEqual(await readFile(out), served, rendition);
    assert.deepEqual(await readFile(again), served, rendition);
  }
});

test('what is no rendition or no segment of the file is said in words', async () => {
  const film = await clip('mkv-start-37.5');
  await assert.rejects(runScript(film, '9999p', '0'), /it has original, 180p, audio-0, muxed-0, cast-0/u);
  await assert.rejects(runScript(film, 'original', '9999'), /has the segments 0 to \d+/u);
});
