// `npm run bench [name...]`: every figure the project promises, in groups that can be measured apart; each takes its place in
// docs/benchmarks.md and leaves the others there.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { copying } from './copying.ts';
import { encoding } from './encoding.ts';
import { films } from './films.ts';
import { footprint } from './footprint.ts';
import type { Row } from './measure.ts';
import { remote } from './remote.ts';
import { serving } from './serving.ts';
import { starting } from './starting.ts';
import { subtitles } from './subtitles.ts';
import { torrents } from './torrents.ts';

const CYCLES = 500;

const BENCHMARKS: Record<string, () => Promise<Row[]>> = {
  starting,
  copying,
  encoding,
  films,
  serving,
  remote,
  subtitles,
  torrents,
  footprint: () => footprint(CYCLES),
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(1);
}

const PAGE = new URL('../docs/benchmarks.md', import.meta.url);

let holds = true;
for (const [name, measure] of Object.entries(BENCHMARKS)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const load = loadavg()[0] ?? 0;
  const rows = await measure();
  for (const row of rows) {
    holds &&= row.holds;
    console.log(
      `${row.holds ? ' ok ' : 'OVER'}  ${row.name}: ${row.figure}${row.limit ? `  (limit ${row.limit})` : ''}`,
    );
  }
  // Read only now: another group may have been measured meanwhile.
  const groups = sectionsOf(readPage());
  groups.set(name, section(name, rows, load));
  writeFileSync(PAGE, page(groups));
}
process.exitCode = holds ? 0 : 1;

function readPage(): string {
  try {
    return readFileSync(PAGE, 'utf8');
  } catch {
    return '';
  }
}

/** The groups of a page by name, each with its heading. */
function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^(?=## )/m).slice(1);
  return new Map(parts.map((part) => [/^## (\S+)/.exec(part)?.[1] ?? '', part.trim()]));
}

function section(name: string, rows: Row[], load: number): string {
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`;
  const machine = `${cores}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, load ${load.toFixed(1)} at the start`;
  const table = rows.map((row) => `| ${row.name} | ${row.figure} | ${row.limit} | ${row.holds ? 'yes' : '**no**'} |`);
  return `## ${name}

Measured on ${machine}.

| measured | figure | limit | holds |
| --- | --- | --- | --- |
${table.join('\n')}`;
}

function page(sections: ReadonlyMap<string, string>): string {
  const measured = Object.keys(BENCHMARKS).flatMap((name) => sections.get(name) ?? []);
  return `# Benchmarks

Written by \`npm run bench\`; \`npm run bench copying\` measures one group and leaves the others as they are. Within a group ours and the
ffmpeg command line are measured in turn: trust the ratios, and the milliseconds only for the machine that is named.
The film: 3 minutes of 1080p at 24000/1001, about 6 Mbit/s, keyframes 0.5 to 10.4 s apart.

${measured.join('\n\n')}
`;
}
