// Interlaced sources, often not marked as such by the container: the output has no combing, and the session states why it is encoded.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { combingOf } from '../support/judges/combing.ts';
import { openFilm } from '../support/judges/shown-frames.ts';
import { trackClip, type TrackClip } from '../support/clips/track-clips.ts';
import { startServer } from '../support/servers/server-process.ts';

const CLIPS: TrackClip[] = [
  'fields-mpeg2-ts',
  'fields-mpeg2-mkv',
  'fields-mpeg2-vob',
  'fields-mpeg4-avi',
  'fields-mpeg4-mp4',
  'fields-dv-mov',
];

suite('interlaced films', { concurrency: 2 }, () => {
  test('fields are woven into whole pictures without teeth, on both routes', async (t) => {
    for (const name of CLIPS) {
      await t.test(name, async (each) => {
        await using server = await startServer();
        const path = await trackClip(name);
        const { url, info, routes } = await openFilm(server.url, path);
        assert.match(JSON.stringify(info['why']), /interlaced/u);
        const source = await combingOf(path);
        for (const route of [routes.rung, routes.muxed]) {
          const served = await combingOf(`${url}/${route}`);
          each.diagnostic(`${route}: ${served.toFixed(3)}, source ${source.toFixed(3)}`);
          assert.ok(served < source / 3, `${route}: ${served} of ${source}`);
        }
      });
    }
  });
});
