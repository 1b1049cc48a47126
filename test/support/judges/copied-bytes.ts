// The segments of a source as an undisturbed server makes them from a local file: the reference for every other delivery of the source.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clip } from '../clips/clips.ts';
import { startServer } from '../servers/server-process.ts';
import { fetchRendition, openSession, type Served, type Session } from '../viewers/viewer.ts';

/** The renditions `original` and `audio-0`, both copied. */
export interface CopiedBytes {
  video: Served;
  audio: Served;
}

/** A file of one minute, H.264 and AAC, with its index at the end. A `mark` changes the source id, but no byte of a segment. */
export async function markedFilm(mark: string): Promise<Buffer> {
  const film = await readFile(await clip('mp4-moov-last'));
  const words = Buffer.from(mark, 'utf8');
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + words.length);
  header.write('free', 4, 'latin1');
  return Buffer.concat([film, header, words]);
}

/** Segments from a separate server that reads the file from the disk. */
export async function referenceBytes(film: Buffer): Promise<CopiedBytes> {
  await using server = await startServer();
  const path = join(server.home.tmp, 'film.mp4');
  await writeFile(path, film);
  return await copiedBytes(await openSession(server.url, path));
}

export async function copiedBytes(session: Session): Promise<CopiedBytes> {
  const video = await fetchRendition(`${session.url}/original/playlist.m3u8`, { seed: 3 });
  const audio = await fetchRendition(`${session.url}/audio-0/playlist.m3u8`, { seed: 5 });
  return { video, audio };
}

export function assertSameBytes(given: CopiedBytes, wanted: CopiedBytes): void {
  for (const part of ['video', 'audio'] as const) {
    assert.ok(wanted[part].segments.length > 5);
    assert.equal(given[part].segments.length, wanted[part].segments.length);
    assert.ok(given[part].init.equals(wanted[part].init), `${part} init`);
    for (const [number, segment] of wanted[part].segments.entries())
      assert.ok(given[part].segments[number]?.equals(segment), `${part} segment ${number}`);
  }
}

/** Every file below the directory of a server: segments, drafts, copies of sources. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
