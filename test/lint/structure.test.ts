// The layout of src/, measured: no folder depends on itself by way of others, none grows too large to overlook.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { test } from 'node:test';
import { FLOORS, HOUSE } from '../../scripts/lint/layers.ts';

const SRC = resolve(import.meta.dirname, '../../src');
const MAX_FILES_IN_FOLDER = 25;
const MAX_ENTRIES_OF_MEDIA = 15;
const MAX_LINES = 300;
const MAX_PUBLIC_MEMBERS = 25;

const files = globSync('**/*.ts', { cwd: SRC }).map((path) => path.replaceAll('\\', '/'));
const folders = [...new Set(files.map((path) => posix.dirname(path)))];

test('every folder at the top of src/ is in the table of layers, and no file is', () => {
  assert.deepEqual(
    files.map((path) => path.split('/', 1)[0]).filter((name) => !Object.hasOwn(HOUSE, name ?? '')),
    [],
  );
});

test('the tables of layers name folders that exist', () => {
  const exists = (path: string) => files.some((file) => file.startsWith(`${path}/`));
  const named = Object.entries(FLOORS).flatMap(([folder, floors]) =>
    floors.flat().map((child) => (child === '.' ? folder : `${folder}/${child}`)),
  );
  assert.deepEqual(
    [...Object.keys(HOUSE).filter((name) => name !== 'web'), ...named].filter((path) => !exists(path)),
    [],
  );
});

test('no folder imports itself by way of other folders, types counted', () => {
  const edges = new Map<string, Set<string>>(folders.map((folder) => [folder, new Set()]));
  for (const file of files)
    for (const target of importsOf(file))
      if (posix.dirname(target) !== posix.dirname(file)) edges.get(posix.dirname(file))?.add(posix.dirname(target));
  assert.deepEqual(cyclesOf(edges), []);
});

test('no folder holds more files than a reader can overlook', () => {
  const counts = folders.map(
    (folder) => [folder, files.filter((path) => posix.dirname(path) === folder).length] as const,
  );
  assert.deepEqual(
    counts.filter(([, count]) => count > MAX_FILES_IN_FOLDER),
    [],
  );
  const media = new Set(files.filter((path) => path.startsWith('media/')).map((path) => path.split('/')[1]));
  assert.ok(media.size <= MAX_ENTRIES_OF_MEDIA, `media/ shows ${media.size} entries`);
});

test('no file has more lines than a reader can keep in mind', () => {
  const counts = files.map((path) => [path, textOf(path).trimEnd().split('\n').length] as const);
  assert.deepEqual(
    counts.filter(([, lines]) => lines > MAX_LINES),
    [],
  );
});

test('public members of a class are counted without its private ones', () => {
  const text = [
    'export class Example implements Disposable {',
    '  readonly name: string;',
    '  readonly #secret = 1;',
    '  private old: number;',
    '  static async open(options: Options): Promise<Example> {',
    '    return inner({ a: 1 });',
    '  }',
    '  get size(): number {',
    '    return this.#secret;',
    '  }',
    '  set size(size: number) {',
    '  }',
    '  *entries(): Generator<number> {',
    '  }',
    '  #hidden(): void {',
    '  }',
    '  [Symbol.dispose](): void {',
    '  }',
    '}',
    'interface Other {',
    '  size: number;',
    '}',
  ].join('\n');
  assert.deepEqual(classesOf(text), [
    { name: 'Example', members: ['name', 'open', 'size', 'entries', '[Symbol.dispose]'] },
  ]);
});

test('no class has more public members than a reader can keep in mind', () => {
  const fat = files.flatMap((path) =>
    classesOf(textOf(path)).map(({ name, members }) => [path, name, members.length] as const),
  );
  assert.ok(fat.length > 100, `${fat.length} classes were found`);
  assert.deepEqual(
    fat.filter(([, , count]) => count > MAX_PUBLIC_MEMBERS),
    [],
  );
});

/** Classes of a formatted file, with the names of their public members. */
function classesOf(text: string): { name: string; members: string[] }[] {
  const classes = text.matchAll(/^(?:export )?(?:abstract )?class (?<name>\w+)[^\n]*\n(?<body>.*?)^\}/gmsu);
  return [...classes].map(({ groups }) => {
    const words = String.raw`(?:(?:static|readonly|declare|override|abstract|async|get|set) )*\*?`;
    const member = new RegExp(
      String.raw`^ {2}(?!private |protected )${words}(?<name>[A-Za-z_]\w*|\[[\w.]+\])(?:[(<:;?!]| =)`,
      'gmu',
    );
    const names = [...(groups?.['body'] ?? '').matchAll(member)].map((match) => match.groups?.['name'] ?? '');
    return { name: groups?.['name'] ?? '', members: [...new Set(names)].filter((name) => name !== 'constructor') };
  });
}

function textOf(file: string): string {
  return readFileSync(resolve(SRC, file), 'utf8');
}

/** Files of src/ that a file imports. */
function importsOf(file: string): string[] {
  const text = textOf(file);
  const specifiers = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/gu);
  return [...specifiers]
    .map(([, specifier]) => posix.join(posix.dirname(file), specifier ?? ''))
    .filter((path) => files.includes(path));
}

/** Folders that can be reached from themselves. */
function cyclesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...edges.keys()].filter((folder) => {
    const reached = new Set<string>();
    const open = [...(edges.get(folder) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(...(edges.get(next) ?? []));
    }
    return reached.has(folder);
  });
}
