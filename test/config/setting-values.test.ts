// The values that settings accept, and the words for those that they do not.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import * as values from '../../src/config/setting-values.ts';

function accepts<Value>(parse: (text: string) => Value, rows: [text: string, value: Value][]): void {
  for (const [text, value] of rows) test(`"${text}"`, () => assert.deepEqual(parse(text), value));
}

function refuses(parse: (text: string) => unknown, words: RegExp, texts: string[]): void {
  for (const text of texts) test(`"${text}" is refused`, () => assert.throws(() => parse(text), words));
}

suite('sizes', () => {
  accepts(values.size, [
    ['0', 0],
    ['4096', 4096],
    ['1.5 KiB', 1536],
    ['4GiB', 4 * 2 ** 30],
    [' 2tib ', 2 * 2 ** 40],
  ]);
  refuses(values.size, /such as 4GiB/u, ['', '-1', '4GB', '4 GiB more', '0x10', '1e9', 'none']);
});

suite('durations, in milliseconds', () => {
  accepts(values.duration, [
    ['250ms', 250],
    ['10', 10_000],
    ['0.5s', 500],
    ['10m', 600_000],
    ['2H', 7_200_000],
    ['1d', 86_400_000],
  ]);
  refuses(values.duration, /such as 10m/u, ['', '-5s', '5 weeks', 'Infinity', '1:30']);
});

suite('whole numbers', () => {
  accepts(values.wholeNumber, [
    ['1', 1],
    [' 999999999 ', 999_999_999],
  ]);
  refuses(values.wholeNumber, /above 0/u, ['', '0', '-1', '1.5', '01', '1000000000', 'two']);
});

suite('switches', () => {
  accepts(values.isOn, [
    ['', false],
    ['0', false],
    ['Off', false],
    ['no', false],
    ['1', true],
    [' TRUE ', true],
    ['yes', true],
  ]);
  refuses(values.isOn, /1 or 0/u, ['2', 'maybe', 'enabled']);
});

suite('secrets', () => {
  accepts(values.secret, [
    ['', undefined],
    ['abcdefghijkl', 'abcdefghijkl'],
  ]);
  refuses(values.secret, /12 characters or more/u, ['abcdefghijk', 'twelve and more', 'pässwörterpässwörter']);
});

suite('directories', () => {
  accepts(values.directories, [
    ['', undefined],
    ['/a', ['/a']],
    ['/a::/b', ['/a', '/b']],
  ]);
  refuses(values.directories, /"films" is not the full path/u, ['films', '/a:films']);
});

suite('memory of a worker', () => {
  accepts(values.workerMemory, [
    ['', undefined],
    ['128MiB', 128 * 2 ** 20],
  ]);
  refuses(values.workerMemory, /128MiB or more/u, ['127MiB', '1']);
});

suite('words', () => {
  accepts(values.privateSources, [[' Deny', 'deny']]);
  refuses(values.privateSources, /auto, allow, deny/u, ['', 'block']);
  accepts(values.logLevel, [['DEBUG', 'debug']]);
  refuses(values.logLevel, /silent, fatal/u, ['', 'verbose']);
  accepts(values.inspectedProcesses, [
    ['', []],
    ['Workers, torrents', ['workers', 'torrents']],
  ]);
  refuses(values.inspectedProcesses, /"server" is not one of/u, ['workers,server']);
});
