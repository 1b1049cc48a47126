// Writes docs/odd-films.md: what mpv, VLC and ffmpeg make of each odd film itself, beside what the server makes of it.
// Takes some minutes; the players must be installed: `node scripts/with-setup.mjs scripts/odd-films.ts`.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer } from '../test/black-box/server-process.ts';
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

/** Why the server and a player differ. */
const REASONS: Record<string, string> = {
  'still-first': 'The players show the first video track. The server plays the track that moves.',
  'three-pictures-first': 'The players show the first video track. The server plays the track that moves.',
  'two-programmes': 'VLC writes all programmes into one file here; which of them it shows is not judged.',
  'pids-change':
    'ffmpeg and mpv lose what comes under new PIDs. A presentation that is whole, or shorter with a reason, is right.',
  'no-composition-times':
    'The players show pictures as they leave the decoder, 80 ms late or in disorder. The server puts them in order.',
  'edit-': "VLC's stream output writes packets, and so ignores edits; ffmpeg is exact to a keyframe's reordering.",
  'picture-late':
    'VLC begins with the first picture. The server has all of the sound: eight seconds over the first picture.',
  'one-picture':
    "The players' files end with the last picture; on a screen they let it stand. The server lets it stand to the end.",
  slides: "VLC's stream output cannot hold pictures that stand for ten seconds.",
  'short-sound': 'None: silence follows sound that ends.',
  'aac-': 'The players mix each part for itself. The server keeps one layout for all of a rendition.',
  'implicit-sbr': 'None: the frames say what they are.',
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
  const reason = Object.entries(REASONS).find(([start]) => name.startsWith(start))?.[1] ?? '';
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
    'written by `scripts/odd-films.ts`. The server is judged on all routes at once: copied, encoded, muxed.',
    '',
    `| film | ${PEERS.map(({ name }) => name).join(' | ')} | server | where they differ |`,
    `| --- | ${PEERS.map(() => '---').join(' | ')} | --- | --- |`,
    ...table,
    '',
  ].join('\n');
}
