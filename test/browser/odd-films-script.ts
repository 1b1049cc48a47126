// Odd films in Chromium: decoders that forgive less than ffmpeg's play each to its end and show what is right, also after seeks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ODD_FILMS, oddFilm } from '../support/clips/odd/odd-films.ts';
import { multivariantOf } from '../support/viewers/viewer.ts';
import { wrongBeeps, wrongPictures, type PictureSeen } from '../support/judges/browser-reading.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import { assertNoFaults, assertNoHoles } from './expectations.ts';
import { Stage } from './stage.ts';

/** Fast enough for a minute of film, slow enough to see most joins. */
const PLAY_RATE = 4;
const ROUTES = { multivariant: 'stream.m3u8', muxed: 'stream/child.m3u8' } as const;

/** Defines a test of each film on each route. */
export function oddFilmScripts(names: readonly string[]): void {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  for (const name of names) {
    const film = ODD_FILMS.find((each) => each.name === name) ?? assert.fail(name);
    for (const route of ['multivariant', 'muxed'] as const) {
      test(`Chromium plays ${film.name} to its end on the ${route} route and shows each picture at its time`, async () => {
        const session = await stage.session({ source: await oddFilm(film.name) });
        await using player = await stage.player();
        const quality = await bestVariant(session);
        await player.load('hls', `${session}/${ROUTES[route]}`, {
          ...CLIENT_CONFIG,
          quality: route === 'muxed' ? undefined : quality,
        });
        const seen: PictureSeen[] = [];
        const first = await player.shown();
        seen.push({ mediaTime: first.at, number: first.number });
        const played = await player.playToEnd(PLAY_RATE);
        assert.ok(played.ended, 'the event "ended" is missing');
        seen.push(...played.pictures);
        const beeps = await player.appendedBeeps();
        const [truth] = film.truths;
        assert.ok(truth !== undefined);
        for (const share of [0.5, 0.97, 0.03]) {
          const shown = await player.seek(truth.seconds * share);
          seen.push({ mediaTime: shown.mediaTime ?? shown.at, number: shown.number });
        }
        const { frames, sourceLagSeconds } = film.tolerance ?? {};
        const closest = film.truths.map((each) => [
          ...wrongPictures(each, seen, frames),
          ...wrongBeeps(each, beeps, sourceLagSeconds),
        ]);
        assert.deepEqual(closest.toSorted((a, b) => a.length - b.length)[0], []);
        const facts = await player.facts();
        assert.ok(Math.abs(facts.duration - truth.seconds) < 0.15, `${facts.duration} s`);
        assertNoHoles(facts);
        await assertNoFaults(player);
      });
    }
  }
}

/** The first variant: a change of variants is another test's. */
async function bestVariant(url: string): Promise<string | undefined> {
  const { variants } = await multivariantOf({ id: '', url });
  return /\/([^/]+)\/playlist\.m3u8$/u.exec(variants[0]?.['URI'] ?? '')?.[1];
}
