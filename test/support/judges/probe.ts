// Describes a file or URL with ffprobe, an independent judge of the clips and of what the server makes of them.
import { textOf } from '../clips/ffmpeg.ts';

export type Fields = Readonly<Record<string, string>>;

export interface Probe {
  format: Fields;
  streams: Fields[];
  chapters: Fields[];
}

/** The sections of ffprobe's output, one record of texts each; nested names are joined with ".", as in "tag:language". */
export async function probe(source: string): Promise<Probe> {
  const lines = await sections(source, ['-show_format', '-show_streams', '-show_chapters']);
  // Programs of a transport stream list their streams again, without dispositions.
  const streams = new Map<string, Fields>();
  for (const { name, fields } of lines) if (name === 'stream') streams.set(fields['index'] ?? '', fields);
  return {
    format: lines.find(({ name }) => name === 'format')?.fields ?? {},
    streams: [...streams.values()],
    chapters: lines.filter(({ name }) => name === 'chapter').map(({ fields }) => fields),
  };
}

export interface Packet {
  /** In ticks of the stream; undefined when the container states none. */
  pts: number | undefined;
  ptsSeconds: number | undefined;
  isKey: boolean;
}

/** The packets of a stream ("v:0", "a:1") in the order of the file. */
export async function packetsOf(
  source: string,
  stream: string,
  inputOptions: readonly string[] = [],
): Promise<Packet[]> {
  const entries = ['-select_streams', stream, '-show_entries', 'packet=pts,pts_time,flags'];
  const lines = await sections(source, [...inputOptions, ...entries]);
  return lines
    .filter(({ name }) => name === 'packet')
    .map(({ fields }) => ({
      pts: numberIn(fields['pts']),
      ptsSeconds: numberIn(fields['pts_time']),
      isKey: fields['flags']?.startsWith('K') === true,
    }));
}

/** The named fields of every decoded frame of a stream, in order of presentation. */
export async function frameFieldsOf(source: string, stream: string, fields: readonly string[]): Promise<Fields[]> {
  const entries = ['-threads', '2', '-select_streams', stream, '-show_entries', `frame=${fields.join(',')}`];
  const lines = await sections(source, entries);
  return lines.filter(({ name }) => name === 'frame').map((line) => line.fields);
}

async function sections(source: string, options: readonly string[]): Promise<{ name: string; fields: Fields }[]> {
  const text = await textOf('ffprobe', ['-v', 'error', ...options, '-of', 'compact=nokey=0', source]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', ...pairs] = line.split('|');
      return { name, fields: Object.fromEntries(pairs.map(splitPair)) };
    });
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined || text === 'N/A' ? undefined : Number(text);
}
