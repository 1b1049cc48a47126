// Checks served media with ffmpeg: the hashes of the decoded frames, and every message of ffmpeg.
import { spawn } from 'node:child_process';

export interface Verdict {
  /** Hashes of the decoded frames of each output stream, in order. */
  hashes: string[][];
  /** Time of the first frame of each output stream. */
  firstSeconds: number[];
  /** Lines with warnings and errors; empty when ffmpeg prints none. */
  messages: string[];
}

/** Decodes the mapped streams ("0:v:0", "0:a:0") of a file or URL to one hash per frame. */
export async function decodedHashes(
  source: string,
  maps: readonly string[],
  inputOptions: readonly string[] = [],
): Promise<Verdict> {
  const input = ['-hide_banner', '-v', 'warning', '-threads', '2', ...inputOptions, '-i', source];
  const output = [
    ...maps.flatMap((map) => ['-map', map]),
    '-fps_mode',
    'passthrough',
    '-f',
    'framehash',
    '-hash',
    'md5',
    'pipe:1',
  ];
  const { text, messages } = await said('ffmpeg', [...input, ...output]);
  const hashes = maps.map((): string[] => []);
  const ticks = maps.map(() => Number.NaN);
  const firstSeconds = maps.map(() => Number.NaN);
  for (const line of text.split('\n')) {
    const timeBase = /^#tb (\d+): (\d+)\/(\d+)$/u.exec(line);
    if (timeBase !== null) ticks[Number(timeBase[1])] = Number(timeBase[2]) / Number(timeBase[3]);
    if (line === '' || line.startsWith('#')) continue;
    const fields = line.split(',').map((field) => field.trim());
    const stream = Number(fields[0]);
    if (hashes[stream]?.length === 0) firstSeconds[stream] = Number(fields[2]) * (ticks[stream] ?? Number.NaN);
    hashes[stream]?.push(fields.at(-1) ?? '');
  }
  return { hashes, firstSeconds, messages };
}

/** Lines with warnings that ffprobe prints while it reads every packet. */
export async function probeMessages(source: string): Promise<string[]> {
  return (await said('ffprobe', ['-v', 'warning', '-show_entries', 'packet=pts', '-of', 'csv', source])).messages;
}

async function said(program: string, args: readonly string[]): Promise<{ text: string; messages: string[] }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let words = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (words += part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const messages = words.split('\n').filter((line) => line.trim() !== '');
  return { text, messages: code === 0 ? messages : [...messages, `${program} ended with ${code}`] };
}
