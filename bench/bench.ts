// `npm run bench [name...]`: every figure the project promises, measured in one run; all of them write docs/benchmarks.md.
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { copying } from './copying.ts';
import { encoding } from './encoding.ts';
import { footprint } from './footprint.ts';
import type { Row } from './measure.ts';
import { remote } from './remote.ts';
import { serving } from './serving.ts';
import { subtitles } from './subtitles.ts';

const CYCLES = 500;

const BENCHMARKS: Record<string, () => Promise<Row[]>> = {
  copying,
  encoding,
  serving,
  remote,
  subtitles,
  footprint: () => footprint(CYCLES),
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(1);
}

const load = loadavg()[0] ?? 0;
const rows: Row[] = [];
for (const [name, measure] of Object.entries(BENCHMARKS)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const row of await measure()) {
    rows.push(row);
    console.log(
      `${row.holds ? ' ok ' : 'OVER'}  ${row.name}: ${row.figure}${row.limit ? `  (limit ${row.limit})` : ''}`,
    );
  }
}
if (!wanted.length) writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), page());
process.exitCode = rows.every((row) => row.holds) ? 0 : 1;

function page(): string {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load.toFixed(1)} at the start`;
  const table = rows.map((row) => `| ${row.name} | ${row.figure} | ${row.limit} | ${row.holds ? 'yes' : '**no**'} |`);
  return `# Benchmarks

Written by \`npm run bench\`. Everything is measured in one run on one machine, ours and the ffmpeg command line in turn:
trust the ratios, and the milliseconds only for that machine: ${machine}, Node ${process.versions.node}.
The film: 3 minutes of 1080p at 24000/1001, about 6 Mbit/s, keyframes 0.5 to 10.4 s apart.

| measured | figure | limit | holds |
| --- | --- | --- | --- |
${table.join('\n')}
`;
}
