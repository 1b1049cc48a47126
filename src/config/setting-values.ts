// Values of settings: numbers with units, lists, words. Each parser throws an Error that says what a valid value looks like.
import { delimiter, isAbsolute } from 'node:path';
import { GIB, MIB } from '../base/units.ts';

import type { LogLevel } from '../base/logger.ts';

export function listed(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

export function isOn(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['', '0', 'false', 'no', 'off'].includes(word)) return false;
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  throw new Error('write 1 or 0');
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text.trim())) throw new Error('write it as a whole number above 0');
  return Number(text);
}

const SIZE_UNITS = new Map([
  ['', 1],
  ['kib', 2 ** 10],
  ['mib', MIB],
  ['gib', GIB],
  ['tib', 2 ** 40],
]);

export function size(text: string): number {
  return Math.round(withUnit(text, SIZE_UNITS, 'write it as a number with KiB, MiB or GiB, such as 4GiB'));
}

const DURATION_UNITS = new Map([
  ['ms', 1],
  ['', 1000],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export function duration(text: string): number {
  return withUnit(text, DURATION_UNITS, 'write it as a number with ms, s, m, h or d, such as 10m');
}

function withUnit(text: string, units: Map<string, number>, rule: string): number {
  const match = /^(?<number>\d+(?:\.\d+)?)\s*(?<unit>[a-z]*)$/iu.exec(text.trim());
  const unit = units.get(match?.groups?.['unit']?.toLowerCase() ?? 'none');
  if (unit === undefined) throw new Error(rule);
  return Number(match?.groups?.['number']) * unit;
}

const SECRET_LENGTH = 12;

export function secret(text: string): string | undefined {
  if (text === '') return undefined;
  if (text.length < SECRET_LENGTH || !/^[\x21-\x7e]+$/u.test(text)) {
    throw new Error(`write ${SECRET_LENGTH} characters or more, without spaces`);
  }
  return text;
}

export function directories(text: string): string[] | undefined {
  const list = text.split(delimiter).filter((each) => each !== '');
  for (const each of list) if (!isAbsolute(each)) throw new Error(`"${each}" is not the full path of a directory`);
  return list.length === 0 ? undefined : list;
}

const LEAST_WORKER_MEMORY = 128 * MIB;

export function workerMemory(text: string): number | undefined {
  if (text.trim() === '') return undefined;
  const bytes = size(text);
  if (bytes < LEAST_WORKER_MEMORY) throw new Error('write 128MiB or more: a worker takes as much for any film');
  return bytes;
}

const PRIVATE_SOURCES = ['auto', 'allow', 'deny'] as const;

export function privateSources(text: string): (typeof PRIVATE_SOURCES)[number] {
  const choice = PRIVATE_SOURCES.find((each) => each === text.trim().toLowerCase());
  if (choice === undefined) throw new Error(`it must be one of ${PRIVATE_SOURCES.join(', ')}`);
  return choice;
}

const INSPECTED_PROCESSES = ['workers', 'torrents'] as const;

export type InspectedProcess = (typeof INSPECTED_PROCESSES)[number];

export function inspectedProcesses(text: string): InspectedProcess[] {
  return listed(text.toLowerCase()).map((each) => {
    const known = INSPECTED_PROCESSES.find((name) => name === each);
    if (known === undefined) throw new Error(`"${each}" is not one of ${INSPECTED_PROCESSES.join(', ')}`);
    return known;
  });
}

export const LOG_LEVELS: readonly LogLevel[] = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

export function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text.trim().toLowerCase());
  if (level === undefined) throw new Error(`it must be one of ${LOG_LEVELS.join(', ')}`);
  return level;
}
