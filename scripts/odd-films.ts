// Writes docs/odd-films.md: what mpv, VLC and ffmpeg make of each odd film itself, beside what the server makes of it.
// Takes some minutes; the players must be installed: `node scripts/with-setup.mjs scripts/odd-films.ts`.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer } from '../test/support/servers/server-process.ts';
import { PLAYERS, type Player } from '../test/players/players.ts';
import type { OddFilm } from '../test/support/clips/odd/odd-film.ts';
import { ODD_FILMS, oddFilm } from '../test/support/clips/odd/odd-films.ts';
import { compare } from '../test/support/judges/compare.ts';
import { judgeFilm } from '../test/support/judges/judge-film.ts';

const PAGE = new URL('../docs/odd-films.md', import.meta.url);
const PEERS = PLAYERS.filter(({ name }) => name !== 'gstreamer');

/** More are not compared: no film has more than 1500. */
const MAX_PICTURES = 20_000;

/** What VLC's stream output drops at the end. */
const DROPPED_SECONDS = 0.5;

const NONE = 'No difference.';
const FIRST_PICTURE = "VLC's stream output shows the first picture 80 ms late, all others in their places.";
const PARAMETER_SETS =
  'VLC finds no parameter sets where the sample entry has none. The others find them in the stream.';
const CHANGED_SOUND =
  "VLC's stream output drops the last picture before each change of the sound and is not exact behind it. The others are right.";
const CLOCKS =
  "mpv's and VLC's recordings lose pictures where the clock restarts. The server and ffmpeg join the parts.";
const JUMPS =
  "mpv's encoder does not end where the clock jumps ahead, VLC's recording loses pictures, and ffmpeg in VOB the last one. The server joins all.";

/** Why the server and a player differ, by the start of the film's name; the first that fits. */
const REASONS: Record<string, string> = {
  'still-first-mkv': NONE,
  'still-first': FIRST_PICTURE,
  'three-pictures-first':
    'ffmpeg chooses the track with the larger pictures, mpv and VLC the first: that one has three pictures. The server plays the track that lasts.',
  'two-programmes': 'No difference: either programme is right.',
  'pids-change-and-back':
    "mpv's encoder does not end after the tracks have moved to other PIDs and back. The presentation is right when it is whole, or when it is " +
    'shorter and the session says why.',
  'pids-change':
    'No difference: the presentation is right when it is whole, or when it is shorter and the session says why.',
  'no-composition-times':
    "The container does not say when a picture is shown, so two frames of difference count as right. mpv's recording lacks the last pictures.",
  'hev1-': PARAMETER_SETS,
  'avc3-': PARAMETER_SETS,
  'two-entries': "VLC's stream output drops the last pictures before the second sample entry.",
  'edit-between-keyframes':
    'mpv and VLC do not follow such an edit list. libavformat puts the pictures of the second edit earlier by the delay of reordering, 80 ms: ffmpeg ' +
    'shows them so, the server moves them to their places.',
  'edit-shorter': FIRST_PICTURE,
  'edit-':
    'mpv and VLC do not follow an edit list that has several parts or begins between keyframes. The server and ffmpeg do.',
  'picture-late-ts':
    'ffmpeg analyses five seconds, finds no picture in them and plays the sound alone. The recording of mpv has the pictures eight seconds ' +
    'early, that of VLC has none. The server plays the sound from the start and the pictures from 8 s on.',
  'picture-late':
    "mpv's recording has the pictures eight seconds early, VLC's has none. The server and ffmpeg show them from 8 s on.",
  'one-picture-mkv':
    "VLC's stream output writes no picture. ffmpeg moves the sound by 4 ms for 0.15 s. The server is right: the picture stands to the end.",
  'one-picture': "VLC's stream output writes no picture. The others are right: the picture stands to the end.",
  slides: "mpv's recording has the last slide nine seconds early, VLC's has none. The server and ffmpeg are right.",
  'short-sound': "VLC's recording ends with the sound. On the server silence follows it.",
  'clock-restarts': CLOCKS,
  'clock-jumps': JUMPS,
  'ten-hours-mp4': FIRST_PICTURE,
  'aac-': CHANGED_SOUND,
  'ac3-': "VLC's stream output drops the last picture before each change of the sound. The others are right.",
};

const stack = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'raffi-peers-'));
await chmod(directory, 0o755);
stack.defer(() => rm(directory, { recursive: true, force: true }));
const server = stack.use(await startServer());
const rows: string[] = [];
for (const film of ODD_FILMS) {
  const row = await rowOf(film);
  console.log(row);
  rows.push(row);
}
await stack.disposeAsync();
await writeFile(PAGE, pageOf(rows));

async function rowOf(film: OddFilm): Promise<string> {
  const source = await oddFilm(film.name);
  const cells: string[] = [];
  for (const player of PEERS) cells.push(await cellOf(player, film, source));
  const { truths, tolerance, name } = film;
  const { sentences } = await judgeFilm(server.url, source, { truths, ...tolerance, order: 'start' });
  const reason = Object.entries(REASONS).find(([start]) => name.startsWith(start))?.[1] ?? NONE;
  return `| ${[name, ...cells, wordsOf(sentences), reason].join(' | ')} |`;
}

async function cellOf(player: Player, { truths, tolerance }: OddFilm, source: string): Promise<string> {
  const work = await mkdtemp(join(directory, 'played-'));
  await chmod(work, 0o755);
  const [truth] = truths;
  const tracks = { video: (truth?.pictures.length ?? 0) > 0, audio: (truth?.sound.length ?? 0) > 0 };
  try {
    const played = await player.play({ url: source, directory: work, tracks });
    if (played.pictures.length > MAX_PICTURES) return `It shows ${played.pictures.length} pictures`;
    const candidates = truths.map((each) => {
      const end = player.name === 'vlc' ? each.seconds - DROPPED_SECONDS : each.seconds;
      const seen = played.pictures.filter(({ seconds }) => seconds < end - 0.001);
      return compare(
        each,
        { ...played, pictures: seen },
        { ...tolerance, ranges: { pictures: [0, end], sound: [0, end] } },
      ).sentences;
    });
    return wordsOf(candidates.toSorted((a, b) => a.length - b.length)[0] ?? []);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The worst of it. */
function wordsOf(sentences: readonly string[]): string {
  const [first] = sentences;
  if (first === undefined) return 'right';
  return sentences.length === 1 ? first : `${first} (and ${sentences.length - 1} more)`;
}

function pageOf(table: readonly string[]): string {
  return [
    '# Odd films',
    '',
    'Films that are not as the textbook has them, what players make of the file itself, and what the server makes of it.',
    'Every picture carries its number and every moment of the sound can be told, so that "right" means each picture and each',
    'stretch of sound at its time, to a frame and to some milliseconds. The files are made by `test/support/clips/odd/`; the table is',
    'written by `scripts/odd-films.ts`. The server is judged on all routes at once: copied, encoded, muxed. The players write what they',
    "play into a file, and that file is judged: a fault may be one of the player's encoder, where a screen would show no fault. Of VLC the",
    'last half second is not judged, because its stream output never writes it. A player has 60 s for a film of at most one minute.',
    '',
    `| film | ${PEERS.map(({ name }) => name).join(' | ')} | server | where they differ |`,
    `| --- | ${PEERS.map(() => '---').join(' | ')} | --- | --- |`,
    ...table,
    '',
  ].join('\n');
}
