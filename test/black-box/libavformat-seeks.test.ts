// Seeks of libavformat, the demuxer of mpv and others: it adds up EXTINF, and drops a keyframe whose DTS is before the sum.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Demuxer } from 'node-av/api';
import { AV_LOG_QUIET, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Log } from 'node-av/lib';

import type { ClipName } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { openSession, playlistOf } from '../support/viewers/viewer.ts';

/** No other keyframe follows so soon after the start of a segment. */
const BEHIND_START_SECONDS = 0.2;

/** 24000/1001 frames per second: no boundary is a whole number of microseconds, or of ticks of MPEG-TS. */
const CLIPS: readonly ClipName[] = ['mp4-faststart', 'mkv-two-audio'];

suite('seeks of libavformat', { concurrency: 2 }, () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  before(async () => {
    Log.setLevel(AV_LOG_QUIET);
    server = stack.use(await startServer());
  });
  after(() => stack.disposeAsync());

  for (const name of CLIPS) {
    for (const [route, playlist] of [
      ['multivariant', 'original/playlist.m3u8'],
      ['muxed', 'stream/child.m3u8'],
    ] as const) {
      test(`land on a keyframe at or before each place of ${name} on the ${route} route`, async () => {
        const session = await openSession(server?.url ?? '', await clip(name));
        const url = `${session.url}/${playlist}`;
        const { segments } = await playlistOf(url);
        assert.ok(segments.length > 2);
        let startSeconds = 0;
        const late: string[] = [];
        for (const { seconds } of segments) {
          const wanted = startSeconds + Math.min(BEHIND_START_SECONDS, seconds / 2);
          const landed = await landing(url, wanted);
          if (!(landed <= wanted)) late.push(`${wanted.toFixed(3)} s: ${landed.toFixed(3)} s`);
          startSeconds += seconds;
        }
        assert.deepEqual(late, []);
      });
    }
  }
});

/** Time of the first keyframe after a seek, from the start of the presentation; NaN when there is none. */
async function landing(url: string, seconds: number): Promise<number> {
  await using demuxer = await Demuxer.open(url);
  const video = demuxer.video() ?? assert.fail('no video');
  const start = Number(demuxer.getFormatContext().startTime) / 1e6;
  assert.equal(await demuxer.seek(start + seconds, -1, AVSEEK_FLAG_BACKWARD), 0);
  for await (using packet of demuxer.packets(video.index)) {
    if (packet === null) break;
    return (Number(packet.pts) * video.timeBase.num) / video.timeBase.den - start;
  }
  return Number.NaN;
}
