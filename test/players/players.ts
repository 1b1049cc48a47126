// Foreign players as programs that write what they play into a file: ffmpeg, mpv, VLC and GStreamer, as Debian packages them.
import { spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { decodeFilms, type DecodedFilm } from '../support/judges/decoded-film.ts';

const PLAY_LIMIT_MS = 60_000;
/** VLC begins at the start of a segment, and counts from there. */
const VLC_EXTRA_SECONDS = 7;
/** VLC does not run as root. */
const NOBODY = 65_534;

export interface PlayWish {
  url: string;
  /** For files; the player may make others there. */
  directory: string;
  /** Plays from there, for `seconds`; from the start to the end when absent. */
  seek?: { startSeconds: number; seconds: number };
  /** What VLC writes into; its MPEG-TS cannot hold VP9. MPEG-TS when absent. */
  recording?: 'ts' | 'mkv';
  /** What the film has; pictures and sound when absent. */
  tracks?: { video: boolean; audio: boolean };
}

export interface Player {
  name: 'ffmpeg' | 'mpv' | 'vlc' | 'gstreamer';
  /** Debian's package. */
  debian: string;
  program: string;
  /**
   * Where the first picture after a seek is: the one asked for, or a keyframe before it, because only the packets are written;
   * `none` when the program cannot be told to seek.
   */
  seeks: 'exact' | 'keyframe' | 'none';
  /** What was played, in the times of what was written. */
  play(wish: PlayWish): Promise<DecodedFilm>;
}

export const PLAYERS: readonly Player[] = [
  { name: 'ffmpeg', debian: 'ffmpeg', program: 'ffmpeg', seeks: 'exact', play: playInFfmpeg },
  { name: 'mpv', debian: 'mpv', program: 'mpv', seeks: 'exact', play: playInMpv },
  { name: 'vlc', debian: 'vlc', program: 'cvlc', seeks: 'keyframe', play: playInVlc },
  { name: 'gstreamer', debian: 'gstreamer1.0-tools', program: 'gst-launch-1.0', seeks: 'none', play: playInGstreamer },
];

async function playInFfmpeg({ url, seek, tracks }: PlayWish): Promise<DecodedFilm> {
  const options = seek === undefined ? [] : ['-ss', String(seek.startSeconds), '-t', String(seek.seconds)];
  return decoded(url, tracks, options);
}

async function playInMpv({ url, directory, seek, tracks }: PlayWish): Promise<DecodedFilm> {
  const path = join(directory, 'mpv.nut');
  const range = seek === undefined ? [] : [`--start=${seek.startSeconds}`, `--length=${seek.seconds}`];
  const output = [`--o=${path}`, '--of=nut', '--ovc=ffv1', '--oac=pcm_s16le', '--vf=scale=160:90'];
  await ended('mpv', ['--no-config', '--really-quiet', ...range, ...output, url]);
  return decoded(path, tracks);
}

/** Its stream output writes the packets, with its own clock's times. */
async function playInVlc({ url, directory, seek, tracks, recording = 'ts' }: PlayWish): Promise<DecodedFilm> {
  const isRoot = process.getuid?.() === 0;
  const home = await mkdtemp(join(directory, 'vlc-'));
  if (isRoot) await chown(home, NOBODY, NOBODY);
  const path = join(home, `vlc.${recording}`);
  const range =
    seek === undefined ? [] : [`--start-time=${seek.startSeconds}`, `--run-time=${seek.seconds + VLC_EXTRA_SECONDS}`];
  // Matroska's header names all tracks, so it has to wait for them.
  const wait = recording === 'mkv' ? ['--sout-mux-caching=10000'] : [];
  const output = [...wait, '--sout', `#std{access=file,mux=${recording},dst=${path}}`];
  await ended('cvlc', ['-q', ...range, ...output, url, 'vlc://quit'], { home, ...(isRoot ? { uid: NOBODY } : {}) });
  return decoded(path, tracks);
}

async function playInGstreamer({ url, directory, tracks }: PlayWish): Promise<DecodedFilm> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'gstreamer.mov');
  const video = 'd. ! queue ! videoconvert ! videoscale ! video/x-raw,width=160,height=90 ! jpegenc ! m.';
  const audio = 'd. ! queue ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=2 ! m.';
  const sink = ['qtmux', 'name=m', '!', 'filesink', `location=${path}`];
  const source = ['uridecodebin3', `uri=${url}`, 'name=d'];
  await ended('gst-launch-1.0', ['-q', ...sink, ...source, ...video.split(' '), ...audio.split(' ')]);
  return decoded(path, tracks);
}

async function decoded(
  source: string,
  tracks: PlayWish['tracks'] = { video: true, audio: true },
  options: readonly string[] = [],
): Promise<DecodedFilm> {
  const { films, exitCode } = await decodeFilms([{ source, ...tracks, options, choosesItself: true }], {
    copyTimes: false,
    limitMs: PLAY_LIMIT_MS,
  });
  if (exitCode === null) throw new Error(`ffmpeg did not end within ${PLAY_LIMIT_MS / 1000} s`);
  const [film] = films;
  return film ?? { pictures: [], sound: { startSeconds: 0, samples: new Float32Array(0) } };
}

/** Runs a player to its end. What it played tells whether it failed. @throws Error when it cannot be started or does not end */
async function ended(
  program: string,
  args: readonly string[],
  as: { home?: string; uid?: number } = {},
): Promise<void> {
  const { home, uid } = as;
  const env = home === undefined ? process.env : { ...process.env, HOME: home };
  const user = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(program, args, { stdio: 'ignore', env, timeout: PLAY_LIMIT_MS, killSignal: 'SIGKILL', ...user });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      if (signal === null) resolve();
      else reject(new Error(`${program} did not end within ${PLAY_LIMIT_MS / 1000} s`));
    });
  });
}
