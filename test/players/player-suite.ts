// Each clip in each foreign player: all pictures and all sound from start to end, and both in step after each seek.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { FORMATS, makeFilm } from '../support/fuzz/make-film.ts';
import { toleranceOf, truthOf } from '../support/fuzz/planned-film.ts';
import { compare, type CompareOptions } from '../support/judges/compare.ts';
import { decodeFilms, type DecodedFilm } from '../support/judges/decoded-film.ts';
import { openFilm } from '../support/judges/served-film.ts';
import { isExcused, type Route } from './known-faults.ts';
import { CLIP_SECONDS, PLAYER_CLIPS, type PlayerClip } from './player-clips.ts';
import { PLAYERS, type Player, type PlayWish } from './players.ts';

const PATHS = { multivariant: 'stream.m3u8', muxed: 'stream/child.m3u8' } as const;
/** Twelve places of a film of 24 s: in segments, at keyframes, in the last second. */
const SEEK_SECONDS = [0.04, 1, 2.52, 4.6, 7.08, 9, 11.52, 13.76, 16.2, 19.44, 21, 23.2] as const;
const SEEK_LENGTH = 2;
/** Sound against pictures, other than in the source. */
const SYNC_SECONDS = 0.001;
/** What VLC's stream output drops. */
const DROPPED_SECONDS = 0.5;
/** A decoder that begins in the middle needs a packet or two. */
const WARM_UP_SECONDS = 0.1;

/** Defines the tests of a route. */
export function playerSuite(route: Route): void {
  suite(`foreign players on the ${route} route`, { concurrency: 2 }, () => {
    const stack = new AsyncDisposableStack();
    let directory = '';
    let server: ServerProcess | undefined;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'raffi-players-'));
      // VLC runs as another user.
      await chmod(directory, 0o755);
      stack.defer(() => rm(directory, { recursive: true, force: true }));
      server = stack.use(await startServer({ env: { RAFFI_SESSIONS_PER_MINUTE: '100000' } }));
    });
    after(() => stack.disposeAsync());

    const sources = new Map<string, Promise<Source>>();
    const sourceOf = (clip: PlayerClip): Promise<Source> => {
      const known = sources.get(clip.name) ?? madeSource(clip, directory);
      sources.set(clip.name, known);
      return known;
    };

    for (const player of PLAYERS) {
      for (const clip of PLAYER_CLIPS) {
        test(`${player.name} plays ${clip.name} whole and lands where it seeks to`, async () => {
          assert.ok(
            isInstalled(player),
            `${player.name} is missing and must be installed: apt-get install ${player.debian}`,
          );
          const work = join(directory, `${player.name}-${clip.name}`);
          const source = await sourceOf(clip);
          const opened = await openFilm(server?.url ?? '', source.path);
          assert.ok(opened.verdict === 'plays', opened.verdict === 'refused' ? opened.sentence : '');
          const wish = { url: `${opened.facts.url}/${PATHS[route]}`, directory: await mkdtemp(`${work}-`) };
          await chmod(wish.directory, 0o755);
          assert.deepEqual(await faultsOf({ player, clip, route, wish, sourceLagSeconds: source.lagSeconds }), []);
        });
      }
    }
  });
}

interface Run {
  player: Player;
  clip: PlayerClip;
  route: Route;
  wish: PlayWish;
  sourceLagSeconds: number;
}

async function faultsOf(run: Run): Promise<string[]> {
  const { player, clip, route, wish, sourceLagSeconds } = run;
  const options: CompareOptions = { ...toleranceOf(clip.plan), sourceLagSeconds, syncSeconds: SYNC_SECONDS };
  const truth = truthOf(clip.plan);
  const end = isExcused(player, route, 'end') ? CLIP_SECONDS - DROPPED_SECONDS : CLIP_SECONDS;
  const ranges = { pictures: [0, end], sound: [0, end] } as const;
  const whole = upTo(await player.play(wish), end);
  const sentences = compare(truth, whole, { ...options, ranges }).sentences;
  if (player.seeks === 'none' || isExcused(player, route, 'seeks')) return sentences;
  for (const startSeconds of SEEK_SECONDS) {
    const seconds = Math.min(SEEK_LENGTH, end - startSeconds);
    const played = await player.play({ ...wish, seek: { startSeconds, seconds } });
    const start = player.seeks === 'exact' ? startSeconds : keyframeBefore(played, startSeconds);
    const stop = Math.min(start + seconds, end);
    const reading = upTo(moved(played, start), stop);
    const sought = { pictures: [start, stop], sound: [start + WARM_UP_SECONDS, stop] } as const;
    const found = compare(truth, reading, { ...options, ranges: sought }).sentences;
    sentences.push(...found.map((sentence) => `after a seek to ${startSeconds} s: ${sentence}`));
  }
  return sentences;
}

/** Packets are written from a keyframe on; which one, its number says. */
function keyframeBefore({ pictures }: DecodedFilm, seconds: number): number {
  const number = pictures[0]?.number;
  return number === undefined ? seconds : number / 25;
}

function moved({ pictures, sound }: DecodedFilm, seconds: number): DecodedFilm {
  return {
    pictures: pictures.map((each) => ({ ...each, seconds: each.seconds + seconds })),
    sound: { ...sound, startSeconds: sound.startSeconds + seconds },
  };
}

function upTo({ pictures, sound }: DecodedFilm, seconds: number): DecodedFilm {
  return { pictures: pictures.filter((each) => each.seconds < seconds - 0.001), sound };
}

interface Source {
  path: string;
  /** How late its sound is when ffmpeg plays the file itself. */
  lagSeconds: number;
}

async function madeSource({ name, plan }: PlayerClip, directory: string): Promise<Source> {
  const path = join(directory, `${name}.${FORMATS[plan.container].extension}`);
  await makeFilm(plan, path);
  const { films } = await decodeFilms([{ source: path, video: true, audio: true }], { copyTimes: false });
  const [film] = films;
  return { path, lagSeconds: film === undefined ? 0 : compare(truthOf(plan), film).soundLagSeconds };
}

function isInstalled({ program }: Player): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
