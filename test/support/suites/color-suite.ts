// Colour of encoded video: bars with known values, in every kind of source, keep their displayed colour, and the output states it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, textOf } from '../clips/ffmpeg.ts';
import { BARS, barsIn, colorBars, expectedBar, nameOf, type BarsOptions, type Matrix } from '../clips/color-bars.ts';
import { serverHome, startServer, type ServerHome, type ServerProcess } from '../servers/server-process.ts';
import { fetchSample, membersOf, multivariantOf, openSession, type Session } from '../viewers/viewer.ts';

/** 8-bit code values. */
const TOLERANCE = 2;

/** ffprobe's name of the matrix; untagged video of this size is BT.601. */
const STATED = { '601': 'smpte170m', '709': 'bt709', '2020': 'bt2020nc' } as const;

/** Every combination of matrix, range, depth, sampling and tag. */
export function allBars(): BarsOptions[] {
  const matrices: Matrix[] = ['601', '709', '2020'];
  return matrices.flatMap((matrix) =>
    [false, true].flatMap((fullRange) =>
      ([8, 10] as const).flatMap((depth) =>
        (['420', '422', '444'] as const).flatMap((sampling) =>
          [true, false].map((tagged) => ({ matrix, fullRange, depth, sampling, tagged })),
        ),
      ),
    ),
  );
}

export function colorSuite(bars: readonly BarsOptions[]): void {
  const stack = new AsyncDisposableStack();
  let home: ServerHome;
  let server: ServerProcess;

  before(async () => {
    home = stack.use(await serverHome());
    server = stack.use(await startServer({ home, env: { RAFFI_CLIPS_DIR: join(home.tmp, 'clips') } }));
  });
  after(() => stack.disposeAsync());

  test('the colour that only the stream states counts', async () => {
    const options: BarsOptions = { matrix: '709', fullRange: true, depth: 10, sampling: '420', tagged: true };
    const session = await openSession(server.url, await colorBars(options, 'stream'));
    for (const [route, path] of await encodesOf(session, options)) await assertColors(path, { route, options });
  });

  for (const options of bars) {
    test(nameOf(options), async () => {
      const session = await openSession(server.url, await colorBars(options));
      for (const [route, path] of await encodesOf(session, options)) await assertColors(path, { route, options });
    });
  }

  /** Files with an encode of the bars, by route. */
  async function encodesOf(session: Session, options: BarsOptions): Promise<[string, string][]> {
    const { variants } = await multivariantOf(session);
    const rung = variants.find(({ URI = '' }) => !URI.includes('/original/'));
    assert.equal(rung?.['VIDEO-RANGE'], 'SDR');
    const first = { seed: 0, choose: () => [0] };
    const cmaf = await fetchSample(rung['URI'] ?? '', first);
    const muxed = await fetchSample(`${session.url}/stream/child.m3u8`, first);
    const file = async (name: string, bytes: Buffer[]): Promise<string> => {
      const path = join(home.tmp, `${session.id}-${name}`);
      await writeFile(path, Buffer.concat(bytes));
      return path;
    };
    const isCopied = options.depth === 8 && options.sampling === '420';
    return [
      ['rung', await file('rung.mp4', [cmaf.init, ...cmaf.segments.values()])],
      ...(isCopied ? [] : [['muxed', await file('muxed.ts', [...muxed.segments.values()])] satisfies [string, string]]),
      ['clip', await clipOf(session)],
    ];
  }
}

async function clipOf(session: Session): Promise<string> {
  const reply = await fetch(`${session.url}/clip`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ start: 0, end: 0.4 }),
  });
  const { outputPath } = membersOf(await reply.json());
  assert.ok(typeof outputPath === 'string');
  return outputPath;
}

async function assertColors(path: string, { route, options }: { route: string; options: BarsOptions }): Promise<void> {
  const shown = ['width', 'height', 'color_range', 'color_space', 'color_primaries', 'color_transfer'];
  const query = [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_entries',
    `stream=${shown.join(',')}`,
    '-of',
    'default=nw=1',
  ];
  const lines = (await textOf('ffprobe', [...query, path])).trim().split('\n');
  const pairs = lines.map((line): [string, string] => [line.split('=')[0] ?? '', line.split('=')[1] ?? '']);
  const stream = Object.fromEntries(pairs);
  assert.equal(stream['color_range'], 'tv', route);
  assert.equal(stream['color_space'], options.tagged ? STATED[options.matrix] : 'smpte170m', route);
  assert.notEqual(stream['color_primaries'], undefined, `${route} states no primaries`);
  assert.notEqual(stream['color_transfer'], undefined, `${route} states no transfer`);
  const [width, height] = [Number(stream['width']), Number(stream['height'])];
  const decoded = await thirdPicture(path);
  for (const [bar, found] of barsIn(decoded, width, height).entries()) {
    const expected = expectedBar(BARS[bar] ?? [0, 0, 0], options);
    for (const [channel, value] of found.entries()) {
      const wanted = expected[channel] ?? 0;
      assert.ok(
        Math.abs(value - wanted) <= TOLERANCE,
        `${route}, bar ${bar}: ${found.map((each) => each.toFixed(1)).join(' ')} for ${expected.map((each) => each.toFixed(1)).join(' ')}`,
      );
    }
  }
}

async function thirdPicture(path: string): Promise<Uint8Array> {
  const args = ['-v', 'error', '-i', path, '-map', '0:v:0', '-vf', 'select=eq(n\\,2)', '-frames:v', '1'];
  const chunks: Uint8Array[] = [];
  for await (const chunk of outputOf('ffmpeg', [...args, '-f', 'rawvideo', 'pipe:1'])) chunks.push(chunk);
  return Buffer.concat(chunks);
}
