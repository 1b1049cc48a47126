// Debian's ffmpeg and ffprobe as child processes: they make the clips, and independently check what the server makes.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

export interface RunOptions {
  /** Written to the standard input. */
  input?: Iterable<Uint8Array>;
  /** File for the standard output, in which the program cannot seek. */
  outputPath?: string;
}

/** Runs a program to its end. @throws Error with the last messages of the program when it fails */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const messages: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => messages.push(text));
  // A program that stops reading early prints the reason on its standard error; EPIPE would hide it.
  child.stdin.on('error', () => undefined);
  const output =
    options.outputPath === undefined
      ? child.stdout.resume()
      : pipeline(child.stdout, createWriteStream(options.outputPath));
  const closed = exitCodeOf(child);
  for (const chunk of options.input ?? []) {
    if (child.stdin.writable && !child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain'), closed]);
  }
  child.stdin.end();
  const code = await closed;
  await output;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${messages.join('').slice(-2000)}`);
}

/** The program's standard output, in chunks. @throws Error when the program fails */
export async function* outputOf(program: string, args: readonly string[]): AsyncGenerator<Uint8Array> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const messages: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => messages.push(text));
  const closed = exitCodeOf(child);
  try {
    for await (const chunk of child.stdout) if (chunk instanceof Uint8Array) yield chunk;
    const code = await closed;
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${messages.join('').slice(-2000)}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/** The text that the program prints. @throws Error when the program fails */
export async function textOf(program: string, args: readonly string[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of outputOf(program, args)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Resolves after the streams are closed too. @throws Error when the program cannot be started */
async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
