// Measures which lines of src/ the tests run, with node's own tool, and writes docs/coverage.md: `npm run coverage`, or with files and globs
// as for `npm test`. Child processes are counted too: the server, its workers, the torrent engine.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE = new URL('../docs/coverage.md', import.meta.url);
const FILES = ['test/!(browser|players)/**/*.test.ts'];
/** Most of it runs libav: its own lines are few, and judged by the media that comes out. */
const ADAPTER = 'media/worker/libav';

const directory = mkdtempSync(join(tmpdir(), 'raffi-coverage-'));
const report = join(directory, 'lcov.info');
const words = process.argv.slice(2);
const runner = [
  '--test',
  '--experimental-test-coverage',
  '--test-coverage-include=src/**/*.ts',
  '--test-reporter=lcov',
  `--test-reporter-destination=${report}`,
  '--test-reporter=dot',
  '--test-reporter-destination=stdout',
  '--test-concurrency=2',
  '--test-timeout=180000',
  ...(words.length > 0 ? words : FILES),
];
const { status } = spawnSync(process.execPath, runner, { stdio: 'inherit' });
const measured = linesByFolder(readFileSync(report, 'utf8'));
rmSync(directory, { recursive: true });
writeFileSync(PAGE, page(measured));
console.log(page(measured));
process.exitCode = status ?? 1;

interface Lines {
  all: number;
  run: number;
}

function linesByFolder(lcov: string): Map<string, Lines> {
  const folders = new Map<string, Lines>();
  for (const record of lcov.split('end_of_record')) {
    const path = /^SF:(?:.*?)src\/(.+)$/mu.exec(record)?.[1];
    if (path === undefined) continue;
    const folder = path.split('/').slice(0, -1).join('/');
    const known = folders.get(folder) ?? { all: 0, run: 0 };
    known.all += Number(/^LF:(\d+)$/mu.exec(record)?.[1] ?? 0);
    known.run += Number(/^LH:(\d+)$/mu.exec(record)?.[1] ?? 0);
    folders.set(folder, known);
  }
  return folders;
}

function page(folders: ReadonlyMap<string, Lines>): string {
  const isAdapter = (folder: string) => folder.startsWith(ADAPTER);
  const sorted = [...folders].toSorted(([a], [b]) => a.localeCompare(b));
  const rows = sorted.map(([folder, lines]) => `| \`${folder}/\` | ${lines.all} | ${share(lines)} |`);
  const outside = total(sorted.filter(([folder]) => !isAdapter(folder)));
  const inside = total(sorted.filter(([folder]) => isAdapter(folder)));
  return [
    '# Line coverage',
    '',
    'Written by `npm run coverage`. The tests in a browser and with foreign players are not counted, nor are processes that a test kills: node',
    'writes their counts when a process ends by itself.',
    '',
    `Outside of \`${ADAPTER}/\`: ${share(outside)} of ${outside.all} lines. Inside: ${share(inside)} of ${inside.all}.`,
    '',
    '| folder of `src/` | lines | run |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function total(folders: [string, Lines][]): Lines {
  const sum = { all: 0, run: 0 };
  for (const [, { all, run }] of folders) {
    sum.all += all;
    sum.run += run;
  }
  return sum;
}

function share({ all, run }: Lines): string {
  return all === 0 ? '-' : `${((100 * run) / all).toFixed(1)} %`;
}
