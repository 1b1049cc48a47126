// Films that are packed: played from the volumes of an archive where they are stored, refused in words where they are not.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { rarEntries } from '../../../src/sources/torrent/packed/rar-volume.ts';
import { never } from '../../contract/source-contract.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';
import type { FileToShare } from '../../support/peers/torrent-files.ts';
import { rarVolumes, type PackedFile, type RarOptions } from '../../support/peers/rar-archives.ts';
import { appError } from '../opened.ts';
import { TorrentStage } from './opened-torrent.ts';

const FILM = sampleBytes(900_007, 3);
const SAMPLE: FileToShare = { path: ['Sample', 'film-sample.mkv'], content: sampleBytes(50_000, 4) };
const NOTES: FileToShare = { path: ['film.nfo'], content: Buffer.from('notes') };
const packed: PackedFile = { name: 'film.mkv', content: FILM };

const stage = await TorrentStage.open();
after(() => stage[Symbol.asyncDispose]());

type NameOf = (index: number) => string;
const newNames: NameOf = (index) => `film.part${String(index + 1).padStart(2, '0')}.rar`;
const oldNames: NameOf = (index) => (index === 0 ? 'film.rar' : `film.r${String(index - 1).padStart(2, '0')}`);
const numbers: NameOf = (index) => `film.${String(index + 1).padStart(3, '0')}`;

function release(volumes: readonly Uint8Array[], nameOf: NameOf, path: readonly string[] = []): FileToShare[] {
  const files = volumes.map((content, index) => ({ path: [...path, nameOf(index)], content }));
  return [...files, SAMPLE, NOTES].toSorted((one, other) => (String(one.path) < String(other.path) ? -1 : 1));
}

/** The film comes out of them to the byte, from the start and across the borders of volumes. */
async function plays(files: readonly FileToShare[], fileIndex?: number): Promise<void> {
  await using opened = await stage.release(files, fileIndex);
  const { source } = opened;
  assert.deepEqual([source.name, source.sizeBytes], ['film.mkv', FILM.length]);
  for (const [start, end] of [
    [899_000, 900_007],
    [99_990, 300_010],
    [0, 900_007],
  ] as const)
    assert.ok(
      Buffer.from(FILM.subarray(start, end)).equals(await source.read({ start, end }, never())),
      `[${start}, ${end})`,
    );
  const list = stage.torrents.status(source.infoHash);
  assert.equal(list.fileIdx, source.fileIndex);
  assert.deepEqual(list.files.at(-1), { index: source.fileIndex, name: list.files.at(-1)?.name, length: FILM.length });
  for (const index of [undefined, source.fileIndex]) {
    using file = await stage.torrents.file(source.infoHash, index, never());
    using parts = await file.open({ start: 1000, end: FILM.length, isProbe: false }, never());
    const bytes = Buffer.alloc(FILM.length - 1000);
    for (let filled = 0, read = 1; read > 0; filled += read) read = await parts.read(bytes.subarray(filled));
    assert.ok(bytes.equals(FILM.subarray(1000)));
  }
}

const FORMATS: RarOptions[] = [{ format: 4 }, { format: 4, isLarge: true }, { format: 5 }];

test('a film that is stored in volumes plays, though a sample of it lies beside them', async () => {
  for (const options of FORMATS)
    for (const nameOf of [newNames, oldNames, numbers])
      await plays(release(rarVolumes([packed], { ...options, volumeBytes: 100_000 }), nameOf));
});

test('a film plays from one volume, from two, from a folder, and from between other files of the archive', async () => {
  const others = [
    { name: 'notes.txt', content: sampleBytes(150_000, 5) },
    { name: 'empty.txt', content: Buffer.alloc(0) },
  ];
  for (const options of FORMATS) {
    await plays(release(rarVolumes([packed], options), oldNames));
    await plays(
      release(rarVolumes([{ ...packed, name: 'dir/film.mkv' }], { ...options, volumeBytes: 600_000 }), newNames, [
        'CD1',
      ]),
    );
    const [notes, empty] = others;
    const files = [notes, packed, empty, notes].filter((each) => each !== undefined);
    await plays(release(rarVolumes(files, { ...options, volumeBytes: 100_000 }), newNames));
  }
});

test('a film that was only cut plays from its parts', async () => {
  const parts = [FILM.subarray(0, 400_000), FILM.subarray(400_000, 800_000), FILM.subarray(800_000)];
  await plays(release(parts, (index) => `film.mkv.00${index + 1}`));
});

test('a named volume stands for what is packed, and a named sample for itself', async () => {
  const files = release(rarVolumes([packed], { format: 4, volumeBytes: 300_000 }), oldNames);
  const indexOf = (name: string): number => files.findIndex(({ path }) => path.at(-1) === name);
  await plays(files, indexOf('film.r01'));
  await using opened = await stage.release(files, indexOf('film-sample.mkv'));
  assert.equal(opened.source.sizeBytes, SAMPLE.content.length);
  using volume = await stage.torrents.file(opened.source.infoHash, indexOf('film.r01'), never());
  assert.deepEqual([volume.name, volume.sizeBytes], ['film.r01', files[indexOf('film.r01')]?.content.length]);
});

test('what cannot be played out of its archive is refused with the reason', async () => {
  const volumes = rarVolumes([packed], { format: 4, volumeBytes: 300_000 });
  const broken = volumes.map((volume, index) =>
    index === 1 ? Buffer.concat([Buffer.from('Rar?'), volume.subarray(4)]) : volume,
  );
  const [first = Buffer.alloc(0), ...rest] = volumes;
  const cases: [FileToShare[], RegExp][] = [
    [release(rarVolumes([{ ...packed, isCompressed: true }], { format: 4 }), oldNames), /RAR archives and compressed/u],
    [
      release(rarVolumes([{ ...packed, isCompressed: true }], { format: 5, volumeBytes: 200_000 }), newNames),
      /RAR archives and compressed/u,
    ],
    [
      release(rarVolumes([{ ...packed, isEncrypted: true }], { format: 4, volumeBytes: 200_000 }), oldNames),
      /password/u,
    ],
    [release(rarVolumes([{ ...packed, isEncrypted: true }], { format: 5 }), newNames), /password/u],
    [release(rarVolumes([{ ...packed, name: 'film.iso' }], { format: 5 }), newNames), /no film/u],
    [release(rest, (index) => oldNames(index + 1)), /some of them are not in the torrent/u],
    [release([first, ...rest.slice(0, 1)], oldNames), /some of them are missing/u],
    [release(broken, oldNames), /damaged/u],
    [release([sampleBytes(500_000, 6)], () => 'film.zip'), /ZIP archive, which cannot be streamed/u],
    [release([sampleBytes(500_000, 7)], () => 'film.7z'), /7Z archive, which cannot be streamed/u],
    [
      release([sampleBytes(500_000, 8), sampleBytes(500_000, 9)], (index) => `film.7z.00${index + 1}`),
      /cannot be streamed/u,
    ],
  ];
  for (const [files, sentence] of cases)
    await assert.rejects(
      stage.release(files),
      appError('UNSUPPORTED_MEDIA', new RegExp(`packed.*${sentence.source}`, 'u')),
    );
});

test('volumes that are nonsense end soon, whatever they say', async () => {
  const [volume = Buffer.alloc(0)] = rarVolumes([packed], { format: 5 });
  for (let at = 0; at < 120; at += 1) {
    for (const value of [0, 0x7f, 0xff]) {
      const bytes = Buffer.from(volume);
      bytes[at] = value;
      const read = async ({ start, end }: { start: number; end: number }) => bytes.subarray(start, end);
      const entries = await rarEntries({ sizeBytes: bytes.length, read }).catch((error: unknown) => error);
      assert.ok(entries instanceof Error || Array.isArray(entries));
    }
  }
  const endless = {
    sizeBytes: 2 ** 40,
    read: async ({ start, end }: { start: number; end: number }) => Buffer.alloc(end - start),
  };
  await assert.rejects(rarEntries(endless));
});
