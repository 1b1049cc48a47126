// Servers that allow one connection at a time: a source on them plays, with seeks, and few of its requests are refused.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { FaultServer, type Faults } from '../support/servers/fault-server.ts';
import { copiedBytes, markedFilm, referenceBytes, type CopiedBytes } from '../support/judges/copied-bytes.ts';
import type { MediaPlaylist } from '../support/judges/playlist.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { membersOf, openSession, playlistOf, sessionInfo, type Session } from '../support/viewers/viewer.ts';

const BYTES_PER_SECOND = 600_000;
const MODES: [string, NonNullable<Faults['oneAtATime']>][] = [
  ['answers 403 to the second', 403],
  ['answers 429 to the second', 429],
  ['answers 503 to the second', 503],
  ['answers 509 to the second', 509],
  ['answers 458 to the second', 458],
  ['cuts the first one off for the second', 'kick'],
];

suite('servers that allow one connection at a time', { concurrency: 3 }, () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  let reference: CopiedBytes | undefined;
  const url = (): string => server?.url ?? assert.fail();
  const wanted = (): CopiedBytes => reference ?? assert.fail();

  before(async () => {
    server = stack.use(await startServer());
    reference = await referenceBytes(await markedFilm('reference'));
  });
  after(() => stack.disposeAsync());

  for (const [what, oneAtATime] of MODES) {
    test(`a film plays, and can be sought in, from a server that ${what}`, async () => {
      const faults = { oneAtATime, bytesPerSecond: BYTES_PER_SECOND };
      await using remote = await FaultServer.start(await markedFilm(what), faults);
      const session = await openSession(url(), remote.url());
      await assertReady(session, 10_000);
      const video = await playlistOf(`${session.url}/original/playlist.m3u8`);
      await assertSegments(session, [0], wanted());
      // A seek while the next segment is being read.
      await Promise.all([
        assertSegments(session, [1], wanted()),
        assertSegments(session, [numberAt(video, 30)], wanted()),
      ]);
      for (let number = 2; number <= numberAt(video, 20); number += 1)
        await assertSegments(session, [number], wanted());
      assert.ok(remote.refused < 10, `${remote.refused} refused`);
    });
  }

  test('every byte of the source arrives, whatever the order of requests', async () => {
    await using remote = await FaultServer.start(await markedFilm('all'), { oneAtATime: 429, bytesPerSecond: 2 ** 21 });
    const session = await openSession(url(), remote.url());
    const { video, audio } = await copiedBytes(session);
    for (const [part, all] of [
      [video, wanted().video],
      [audio, wanted().audio],
    ] as const)
      assert.ok(part.segments.every((bytes, number) => bytes.equals(all.segments[number] ?? Buffer.alloc(0))));
    assert.ok(remote.refused < 10, `${remote.refused} refused`);
  });

  test('a second session of the same server waits until the first one releases the connection', async () => {
    await using remote = await FaultServer.start(await markedFilm('two'), {
      oneAtATime: 403,
      bytesPerSecond: BYTES_PER_SECOND,
    });
    const first = await openSession(url(), remote.url('/one.mp4'));
    await assertReady(first, 10_000);
    await assertSegments(first, [0], wanted());
    const second = await openSession(url(), remote.url('/two.mp4'));
    await assertReady(second, 15_000);
    await assertSegments(second, [0, 1], wanted());
    await assertSegments(first, [1], wanted());
  });

  test('an expired link is reported as such, also while another connection is open', async () => {
    await using remote = await FaultServer.start(await markedFilm('expired'), { bytesPerSecond: BYTES_PER_SECOND });
    const session = await openSession(url(), remote.url());
    await assertReady(session, 10_000);
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const reading = fetch(segments[2]?.uri ?? '').then((reply) => reply.arrayBuffer());
    await delay(300);
    remote.faults = { status: () => 403 };
    const reply = await fetch(segments.at(-3)?.uri ?? '');
    assert.equal(reply.status, 403);
    assert.match(String(membersOf(await reply.json())['error']), /link has expired/u);
    await reading;
  });
});

/** The segment that contains this second. */
function numberAt({ segments }: MediaPlaylist, second: number): number {
  let end = 0;
  return segments.findIndex(({ seconds }) => (end += seconds) > second);
}

async function assertReady(session: Session, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  for (let info = await sessionInfo(session); info['status'] !== 'ready'; info = await sessionInfo(session)) {
    assert.notEqual(info['status'], 'error', JSON.stringify(info));
    assert.ok(performance.now() < untilMs, `not ready: ${JSON.stringify(info)}`);
    await delay(100);
  }
}

/** Segments of both renditions, requested concurrently as players do, have the bytes of the local file. */
async function assertSegments(session: Session, numbers: number[], wanted: CopiedBytes): Promise<void> {
  const renditions = [
    ['original', wanted.video],
    ['audio-0', wanted.audio],
  ] as const;
  await Promise.all(
    renditions.map(async ([name, { segments }]) => {
      const playlist = await playlistOf(`${session.url}/${name}/playlist.m3u8`);
      for (const number of numbers) {
        const reply = await fetch(playlist.segments[number]?.uri ?? '');
        const bytes = Buffer.from(await reply.arrayBuffer());
        assert.equal(reply.status, 200, `${name} ${number}: ${bytes.toString('utf8', 0, 300)}`);
        assert.ok(bytes.equals(segments[number] ?? Buffer.alloc(0)), `${name} ${number}`);
      }
    }),
  );
}
