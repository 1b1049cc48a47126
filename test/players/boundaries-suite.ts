// What players that switch between variants rely on: boundaries that are the same in all of them, times that rise, and no gaps.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { parseInit, parseSegment } from '../support/judges/cmaf-boxes.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { fetchRendition, playlistOf, type Served } from '../support/viewers/viewer.ts';
import { FORMATS, makeFilm } from '../support/fuzz/make-film.ts';
import { judgedVariants, openFilm } from '../support/judges/served-film.ts';
import { PLAYER_CLIPS, type PlayerClip } from './player-clips.ts';

/** EXTINF has six digits; a frame's duration may be no whole number of ticks. */
const ROUNDING_SECONDS = 0.0015;
/** Starts of renditions of one presentation. */
const START_SECONDS = 0.001;

/** Defines a test of each clip. */
export function boundariesSuite(clips: readonly PlayerClip[] = PLAYER_CLIPS): void {
  suite('boundaries of segments', { concurrency: 2 }, () => {
    const stack = new AsyncDisposableStack();
    let directory = '';
    let server: ServerProcess | undefined;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'raffi-boundaries-'));
      stack.defer(() => rm(directory, { recursive: true, force: true }));
      server = stack.use(await startServer());
    });
    after(() => stack.disposeAsync());

    for (const { name, plan } of clips) {
      test(`of ${name} are the same in all variants, and all its renditions are gapless from one start`, async () => {
        const path = join(directory, `${name}.${FORMATS[plan.container].extension}`);
        await makeFilm(plan, path);
        const opened = await openFilm(server?.url ?? '', path);
        assert.ok(opened.verdict === 'plays', opened.verdict === 'refused' ? opened.sentence : '');
        const { facts } = opened;
        const playlists = new Map<string, number[]>();
        for (const variant of facts.variants)
          playlists.set(variant, boundariesOf(await playlistOf(`${facts.url}/${variant}/playlist.m3u8`)));
        const [coarsest = []] = [...playlists.values()].toSorted((a, b) => a.length - b.length);
        for (const [variant, boundaries] of playlists) assertContains(boundaries, coarsest, variant);
        const starts: number[] = [];
        for (const rendition of [...judgedVariants(facts), facts.audio ?? ''])
          starts.push(
            checkGapless(await fetchRendition(`${facts.url}/${rendition}/playlist.m3u8`, { seed: 3 }), rendition),
          );
        assert.ok(
          Math.max(...starts) - Math.min(...starts) <= START_SECONDS,
          `renditions start at ${starts.join(', ')}`,
        );
      });
    }
  });
}

function boundariesOf({ segments }: { segments: readonly { seconds: number }[] }): number[] {
  const boundaries = [0];
  for (const { seconds } of segments) boundaries.push((boundaries.at(-1) ?? 0) + seconds);
  return boundaries;
}

/** A variant with longer segments shares each of its boundaries with all others. */
function assertContains(boundaries: readonly number[], wanted: readonly number[], variant: string): void {
  const lacking = wanted.filter((each) => !boundaries.some((own) => Math.abs(own - each) <= ROUNDING_SECONDS));
  assert.deepEqual(lacking, [], `${variant} has no segment that begins there`);
}

/** Each segment begins where the one before ends. Gives when the first sample is shown. */
function checkGapless({ init, segments }: Served, rendition: string): number {
  const { timescale, mediaTime } = parseInit(init);
  let expected: number | undefined;
  let start = 0;
  for (const [number, bytes] of segments.entries()) {
    const { decodeTime, duration, samples } = parseSegment(bytes);
    if (expected === undefined) start = (Math.min(...samples.map(({ pts }) => pts)) - mediaTime) / timescale;
    else assert.equal(decodeTime, expected, `segment ${number} of ${rendition}`);
    assert.ok(duration > 0, `segment ${number} of ${rendition} is empty`);
    expected = decodeTime + duration;
  }
  return start;
}
