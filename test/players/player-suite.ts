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
/** Matroska has whole milliseconds. */
const MATROSKA_SYNC_SECONDS = 0.002;
/** What VLC's stream output drops. */
const DROPPED_SECONDS = 0.5;
/** The longest segment: where it begins, VLC begins. */
const SEGMENT_SECONDS = 6.1;
/** Seeks before that are the ones that `early-seeks` excuses. */
const EARLY_SECONDS = 1.1;
/** A decoder that begins in the middle needs a packet or two. */
const WARM_UP_SECONDS = 0.1;

/** Defines the tests of a route: each of the clips in each player. */
export function playerSuite(route: Route, clips: readonly PlayerClip[] = PLAYER_CLIPS): void {
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
      for (const clip of clips) {
        test(`${player.name} plays ${clip.name} whole and lands where it seeks to`, async () => {
          assert.ok(
            isInstalled(player),
            `${player.name} is missing and must be installed: apt-get install ${player.debian}`,
          );
          const work = join(directory, `${player.name}-${clip.name}`);
          const source = await sourceOf(clip);
          const opened = await openFilm(server?.url ?? '', source.path);
          assert.ok(opened.verdict === 'plays', opened.verdict === 'refused' ? opened.sentence : '');
          const recording = route === 'multivariant' && clip.plan.video === 'vp9' ? 'mkv' : 'ts';
          const url = `${opened.facts.url}/${PATHS[route]}`;
          const wish: PlayWish = { url, directory: await mkdtemp(`${work}-`), recording };
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
  const isRounded = player.name === 'vlc' && wish.recording === 'mkv';
  const syncSeconds = isRounded ? MATROSKA_SYNC_SECONDS : SYNC_SECONDS;
  const options: CompareOptions = { ...toleranceOf(clip.plan), sourceLagSeconds, syncSeconds };
  const truth = truthOf(clip.plan);
  const end = isExcused(player, route, 'end') ? CLIP_SECONDS - DROPPED_SECONDS : CLIP_SECONDS;
  const ranges = { pictures: [0, end], sound: [0, end] } as const;
  const whole = upTo(await player.play(wish), end);
  const sentences = compare(truth, whole, { ...options, ranges }).sentences;
  if (player.seeks === 'none' || isExcused(player, route, 'seeks')) return sentences;
  const isLate = isExcused(player, route, 'early-seeks');
  for (const startSeconds of SEEK_SECONDS.filter((each) => !isLate || each >= EARLY_SECONDS)) {
    const played = await player.play({ ...wish, seek: { startSeconds, seconds: SEEK_LENGTH } });
    const { reading, start, soundStart } = placed(player, played, startSeconds);
    const stop = Math.min(startSeconds + SEEK_LENGTH, end);
    const sought = { pictures: [start, stop], sound: [soundStart + WARM_UP_SECONDS, stop] } as const;
    const found = compare(truth, upTo(reading, stop), { ...options, ranges: sought }).sentences;
    if (start > startSeconds || start < startSeconds - SEGMENT_SECONDS) found.push(`it lands at ${start} s`);
    sentences.push(...found.map((sentence) => `after a seek to ${startSeconds} s: ${sentence}`));
  }
  return sentences;
}

interface Placed {
  reading: DecodedFilm;
  /** Where pictures and sound begin. */
  start: number;
  soundStart: number;
}

/** What was played after a seek, in times of the presentation. */
function placed(player: Player, played: DecodedFilm, startSeconds: number): Placed {
  if (player.seeks === 'exact')
    return { reading: moved(played, startSeconds), start: startSeconds, soundStart: startSeconds };
  const start = keyframeBefore(played, startSeconds);
  // The file begins with whichever comes first, pictures or sound, each from the start of its own segment.
  const reading = moved(played, start - (played.pictures[0]?.seconds ?? 0));
  return { reading, start, soundStart: Math.min(Math.max(reading.sound.startSeconds, start), startSeconds) };
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
