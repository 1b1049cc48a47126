// Turns what a process writes to its standard error into log lines, and no more of them than is wanted.
import type { Readable } from 'node:stream';

const LINE_CHARACTERS = 400;
const WINDOW_MS = 1000;

/** Gives `log` each line of `stream`, shortened; beyond `linesPerSecond` they are only counted. */
export function logLines(stream: Readable, linesPerSecond: number, log: (line: string) => void): void {
  let rest = '';
  let windowStart = 0;
  let inWindow = 0;
  let leftOut = 0;
  const emit = (line: string): void => {
    const now = performance.now();
    if (now - windowStart > WINDOW_MS) {
      if (leftOut > 0) log(`(${leftOut} lines left out)`);
      windowStart = now;
      inWindow = 0;
      leftOut = 0;
    }
    inWindow += 1;
    if (inWindow <= linesPerSecond) log(line.slice(0, LINE_CHARACTERS));
    else leftOut += 1;
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_CHARACTERS);
    for (const line of lines) if (line.trim() !== '') emit(line);
  });
  stream.on('end', () => {
    if (rest.trim() !== '') emit(rest);
    if (leftOut > 0) log(`(${leftOut} lines left out)`);
  });
  stream.on('error', () => {});
}
