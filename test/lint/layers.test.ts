// The rules in .oxlintrc.json and the table of layers bite: files that break them, in a project of their own, and what oxlint says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { HOUSE, PROTOCOLS } from '../../scripts/lint/layers.ts';

/** Path of a file, its text, and the rule that must forbid it; undefined: it is fine. */
type Case = [path: string, text: string, rule: string | undefined];

const LAYER_RULE = 'raffi(layers)';
const PACKAGE_RULE = 'eslint(no-restricted-imports)';

/** What the files below import: `x`, a value, and `T`, a type. */
const TARGETS = [
  'sources/port/x',
  'sources/open/x',
  'sources/file/x',
  'sources/http/client/x',
  'sources/torrent/x',
  'http/routes/x',
  'media/model/x',
  'media/plan/x',
  'media/index/x',
  'media/worker/x',
  'media/worker/protocol/x',
  'media/worker/libav/codec/x',
  'media/worker/copy/x',
  'state/sqlite/x',
  'torrent-engine/protocol/x',
  'torrent-engine/swarm/x',
];

/** A file that imports a value, or a type. */
const value = (path: string): string => `import { x } from '${path}';\nexport const t = x;`;
const type = (path: string): string => `import type { T } from '${path}';\nexport type U = T;`;

const CASES: Case[] = [
  ['src/media/store/types-source.ts', type('../../sources/port/x.ts'), undefined],
  ['src/media/store/runs-source.ts', value('../../sources/port/x.ts'), LAYER_RULE],
  ['src/media/store/opens-source.ts', type('../../sources/open/x.ts'), LAYER_RULE],
  [
    'src/media/store/mixes.ts',
    "import { type T, x } from '../../sources/port/x.ts';\nexport const t: T = x;",
    LAYER_RULE,
  ],
  ['src/media/worker/deep/leaves.ts', value('../../../http/routes/x.ts'), LAYER_RULE],
  ['src/media/store/loads-http.ts', "export const t = await import('../../http/routes/x.ts');", LAYER_RULE],
  ['src/media/store/passes-http-on.ts', "export { x } from '../../http/routes/x.ts';", LAYER_RULE],
  ['src/hls/types-media.ts', type('../media/model/x.ts'), undefined],
  ['src/hls/types-plan.ts', type('../media/plan/x.ts'), LAYER_RULE],
  ['src/hls/runs-media.ts', value('../media/model/x.ts'), LAYER_RULE],
  ['src/sources/open/opens-file.ts', value('../file/x.ts'), undefined],
  ['src/sources/http/client/takes-file.ts', value('../../file/x.ts'), LAYER_RULE],
  ['src/sources/file/takes-torrent.ts', value('../torrent/x.ts'), LAYER_RULE],
  ['src/sources/torrent/takes-http.ts', value('../http/client/x.ts'), LAYER_RULE],
  ['src/sources/port/takes-open.ts', value('../open/x.ts'), LAYER_RULE],
  ['src/sources/torrent/speaks-to-engine.ts', value('../../torrent-engine/protocol/x.ts'), undefined],
  ['src/sources/torrent/reaches-into-engine.ts', value('../../torrent-engine/swarm/x.ts'), LAYER_RULE],
  ['src/media/pool/speaks-to-worker.ts', value('../worker/protocol/x.ts'), undefined],
  ['src/media/pool/reaches-into-worker.ts', value('../worker/copy/x.ts'), LAYER_RULE],
  ['src/media/pool/types-worker.ts', type('../worker/x.ts'), LAYER_RULE],
  ['src/media/model/takes-plan.ts', value('../plan/x.ts'), LAYER_RULE],
  ['src/media/index/mp4/takes-index.ts', value('../x.ts'), LAYER_RULE],
  ['src/media/worker/libav/codec/takes-worker.ts', value('../../copy/x.ts'), LAYER_RULE],
  ['src/media/worker/copy/takes-libav.ts', value('../libav/codec/x.ts'), undefined],
  ['src/media/attic/takes-model.ts', value('../model/x.ts'), LAYER_RULE],
  ['src/base/leaves.ts', "import { x } from '../../elsewhere.ts';\nexport const t = x;", LAYER_RULE],

  ['src/media/worker/libav/codec/opens.ts', "import { Codec } from 'node-av/lib';\nexport const t = Codec;", undefined],
  ['src/media/worker/takes-libav.ts', "import { Codec } from 'node-av/lib';\nexport const t = Codec;", LAYER_RULE],
  ['src/media/worker/types-libav.ts', "import type { Codec } from 'node-av';\nexport type T = Codec;", LAYER_RULE],
  ['src/sessions/takes-libav.ts', "import { C } from 'node-av/constants';\nexport const t = C;", LAYER_RULE],

  ['src/torrent-engine/swarm/joins.ts', "export { t } from 'webtorrent';", undefined],
  ['src/sources/torrent/joins.ts', "export { t } from 'webtorrent';", LAYER_RULE],
  ['src/media/worker/libav/joins.ts', "export { t } from 'webtorrent';", LAYER_RULE],

  [
    'src/state/sqlite/opens-database.ts',
    "import { DatabaseSync } from 'node:sqlite';\nexport const t = DatabaseSync;",
    undefined,
  ],
  [
    'src/state/types-database.ts',
    "import type { DatabaseSync } from 'node:sqlite';\nexport type T = DatabaseSync;",
    LAYER_RULE,
  ],
  [
    'src/server/opens-database.ts',
    "import { DatabaseSync } from 'node:sqlite';\nexport const t = DatabaseSync;",
    LAYER_RULE,
  ],
  ['src/torrent-engine/storage/loads-database.ts', "export const t = await import('node:sqlite');", LAYER_RULE],
  ['src/torrent-engine/torrent-process.ts', "export const t = await import('../state/sqlite/x.ts');", undefined],
  ['src/torrent-engine/opens-store.ts', value('../state/sqlite/x.ts'), LAYER_RULE],
  ['src/state/sqlite/types-torrent.ts', type('../../torrent-engine/protocol/x.ts'), undefined],
  ['src/state/sqlite/runs-torrent.ts', value('../../torrent-engine/protocol/x.ts'), LAYER_RULE],

  ['src/config/reads-env.ts', "export const t = process.env['PORT'];", undefined],
  ['src/http/reads-env.ts', "export const t = process.env['PORT'];", 'eslint(no-restricted-properties)'],
  ['src/http/unpacks-env.ts', 'const { env } = process;\nexport const t = env;', 'eslint(no-restricted-properties)'],
  ['src/cli/reads-argv.ts', 'export const t = process.argv;', 'eslint(no-restricted-properties)'],
  ['src/http/imports-env.ts', "import { env } from 'node:process';\nexport const t = env;", PACKAGE_RULE],
  ['src/http/imports-process.ts', "import process from 'node:process';\nexport const t = process;", PACKAGE_RULE],
  ['src/http/global-env.ts', 'export const t = globalThis.process;', 'eslint(no-restricted-properties)'],

  ['src/base/any.ts', 'export const t: any = 1;', 'typescript(no-explicit-any)'],
  ['src/base/any-in.ts', "export const t: number = JSON.parse('1');", 'typescript(no-unsafe-assignment)'],
  ['src/base/as.ts', 'export const t = (x: unknown) => x as string;', 'typescript(consistent-type-assertions)'],
  ['src/base/angle.ts', 'export const t = (x: unknown) => <string>x;', 'typescript(consistent-type-assertions)'],
  ['src/base/as-const.ts', 'export const t = [1] as const;', undefined],
  ['src/base/bang.ts', 'export const t = (x?: string) => x!.length;', 'typescript(no-non-null-assertion)'],
  ['src/base/ignores.ts', '// @ts-ignore\nexport const t = 1;', 'typescript(ban-ts-comment)'],
  ['src/base/floats.ts', 'export function t() {\n  Promise.resolve();\n}', 'typescript(no-floating-promises)'],
  ['src/base/misuses.ts', "process.on('exit', async () => {});", 'typescript(no-misused-promises)'],
  ['src/base/awaits.ts', 'export async function t() {\n  await 1;\n}', 'typescript(await-thenable)'],
  [
    'src/base/half-switch.ts',
    "export function t(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}",
    'typescript(switch-exhaustiveness-check)',
  ],
  ['src/base/long.ts', `export const t = [\n${'  1,\n'.repeat(400)}];`, 'eslint(max-lines)'],
  [
    'src/base/long-function.ts',
    `export function t() {\n${'  f();\n'.repeat(60)}}\nfunction f() {}`,
    'eslint(max-lines-per-function)',
  ],
  ['src/base/many.ts', 'export const t = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];', 'eslint(max-params)'],
  ['src/base/ring-a.ts', "import type { B } from './ring-b.ts';\nexport type A = B | 1;", 'import(no-cycle)'],
  ['src/base/ring-b.ts', "import type { A } from './ring-a.ts';\nexport type B = A[];", 'import(no-cycle)'],
  ['src/base/default.ts', 'export default 1;', 'import(no-default-export)'],
  ['src/base/barrel.ts', "export * from './any.ts';", 'oxc(no-barrel-file)'],
  ['src/base/camelCase.ts', 'export const t = 1;', 'unicorn(filename-case)'],
  ['src/base/bare-node.ts', "import { sep } from 'path';\nexport const t = sep;", 'unicorn(prefer-node-protocol)'],
  [
    'src/base/type-value.ts',
    "import { Stats } from 'node:fs';\nexport type T = Stats;",
    'typescript(consistent-type-imports)',
  ],
  ['src/base/prints.ts', "console.log('x');", 'eslint(no-console)'],
  ['src/cli/prints.ts', "console.log('x');", undefined],
  ['src/base/unused.ts', 'const t = 1;\nexport {};', 'eslint(no-unused-vars)'],
  ['src/base/loose.ts', 'export const t = (x: unknown) => x == 1;', 'eslint(eqeqeq)'],
  ['src/base/lets.ts', 'let t = 1;\nexport const u = t;', 'eslint(prefer-const)'],
  ['src/base/excuse.ts', '// oxlint-disable-next-line no-var\nexport const t = 1;', 'unused directive'],
];

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = Object.keys(HOUSE);
let found: Map<string, string[]>;
let project: string;

before(() => {
  project = mkdtempSync(join(tmpdir(), 'lint-'));
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) copyFileSync(join(ROOT, name), join(project, name));
  cpSync(join(ROOT, 'scripts/lint'), join(project, 'scripts/lint'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'), 'junction');
  for (const name of [...TARGETS, ...FOLDERS.map((folder) => `${folder}/x`)]) {
    write(`src/${name}.ts`, 'export const x = 1;\nexport type T = 1;');
  }
  for (const [path, text] of [...CASES, ...pairs()]) write(path, text);
  found = lint(project);
});

after(() => rmSync(project, { recursive: true, force: true }));

test('every folder of src/ is in the table of layers', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    folders.map((entry) => entry.name).filter((name) => !FOLDERS.includes(name)),
    [],
  );
});

for (const [path, , rule] of [...CASES, ...pairs()]) {
  test(`${path} ${rule === undefined ? 'passes' : `breaks ${rule}`}`, () => {
    const rules = found.get(path) ?? [];
    if (rule === undefined) assert.deepEqual(rules, []);
    else assert.ok(rules.includes(rule), `oxlint says: ${rules.join(', ') || 'nothing'}`);
  });
}

function write(path: string, text: string): void {
  mkdirSync(join(project, dirname(path)), { recursive: true });
  writeFileSync(join(project, path), `${text}\n`);
}

/** Every folder importing from every other one. */
function pairs(): Case[] {
  return FOLDERS.flatMap((from) =>
    FOLDERS.filter((to) => to !== from).map((to): Case => {
      const isFine = to === 'base' || (HOUSE[from] ?? []).includes(to);
      return [`src/${from}/takes-${to}.ts`, value(`../${PROTOCOLS[to] ?? to}/x.ts`), isFine ? undefined : LAYER_RULE];
    }),
  );
}

/** The rules broken by each file, by the file's path in the project. */
function lint(folder: string): Map<string, string[]> {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '-f', 'unix', 'src'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const rules = new Map<string, string[]>();
  for (const [, path, rule] of stdout.matchAll(/^(.+?):\d+:\d+: .*?\[Error(?:\/(.+))?\]$/gm)) {
    if (path === undefined) continue;
    rules.set(path.replaceAll('\\', '/'), [...(rules.get(path) ?? []), rule ?? 'unused directive']);
  }
  return rules;
}
