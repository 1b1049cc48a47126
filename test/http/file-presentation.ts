// A tiny real presentation: a directory of files, cut into segments of two seconds, for tests of what lies above the media engine.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '../../src/base/app-error.ts';
import { FilePartReader, memoryPartReader } from '../../src/base/part-reader.ts';
import type { AudioTrack } from '../../src/media/model/description.ts';
import type { Segment } from '../../src/media/store/segment-store.ts';
import type { SourceRequest } from '../../src/sources/port/source-request.ts';
import type { ItemHandle, ItemOpener } from '../../src/presentation/media-item.ts';
import { PresentationItem } from '../../src/presentation/presentation-item.ts';
import type { Presentation, Rendition } from '../../src/presentation/presentation.ts';

const SEGMENT_SECONDS = 2;
export const SEGMENTS = 30;
/** Larger than two pooled buffers. */
export const SEGMENT_BYTES = 600_000;

/** What the tests of one server can see and change about its items. */
export class FilePresentations implements ItemOpener, AsyncDisposable {
  readonly directory: string;
  /** Wishes for segments, in order. */
  readonly wishes: { rendition: string; number: number; viewer: string; signal: AbortSignal }[] = [];
  opened: SourceRequest[] = [];
  closed = 0;
  /** While set, segments wait for it. */
  gate: Promise<void> | undefined;
  /** While set, opening waits for it. */
  openGate: Promise<void> | undefined;
  /** While set, opening fails with it. */
  failure: Error | undefined;
  /** Whether segments are handed over in memory. */
  inMemory = false;
  /** How many of the next segments are evicted before they are opened. */
  evictions = 0;
  /** While set, the text of every subtitle track. */
  subtitles: string | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<FilePresentations> {
    return new FilePresentations(await mkdtemp(join(tmpdir(), 'raffi-test-segments-')));
  }

  async open(source: SourceRequest, signal: AbortSignal): Promise<ItemHandle> {
    this.opened.push(source);
    await this.openGate;
    signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    const opened = presentation(this);
    return {
      item: new PresentationItem(opened),
      isStale: false,
      [Symbol.asyncDispose]: () => Promise.resolve(opened[Symbol.asyncDispose]()),
    };
  }

  async segment(name: string, number: number, signal: AbortSignal): Promise<Segment> {
    if (this.gate !== undefined) await Promise.race([this.gate, aborted(signal)]);
    const bytes = segmentBytes(name, number);
    const path = join(this.directory, `${name}-${number}`);
    await writeFile(path, bytes);
    const etag = `"${name}-${number}"`;
    const open: Segment['open'] = async (range) => {
      if (this.inMemory) return memoryPartReader(bytes, range);
      if (this.evictions > 0) {
        this.evictions -= 1;
        throw new AppError('SEGMENT_EVICTED', 'The segment was evicted');
      }
      return new FilePartReader(path, range, { isQuick: false });
    };
    return { sizeBytes: bytes.byteLength, etag, open };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** What segment `number` of a rendition holds: different for each, at every place. */
export function segmentBytes(name: string, number: number): Uint8Array {
  const bytes = Buffer.alloc(SEGMENT_BYTES, `${name}/${number};`);
  bytes.writeUInt32BE(0xdeadbeef, SEGMENT_BYTES - 4);
  return bytes;
}

function presentation(files: FilePresentations): Presentation {
  const audio = [audioTrack('ger', 'Deutsch', true), audioTrack('eng', '', false)];
  const renditions = new Map(['original', '480p', 'audio-0', 'audio-1'].map((name) => [name, rendition(files, name)]));
  const variant = {
    codecs: 'avc1.64001f,mp4a.40.2',
    width: 1280,
    height: 720,
    frameRate: 25,
    videoRange: 'SDR',
  } as const;
  return {
    description: {
      container: 'test',
      durationSeconds: SEGMENTS * SEGMENT_SECONDS,
      video: undefined,
      audio,
      subtitles: [],
    },
    chapters: [{ startSeconds: 0, endSeconds: 10, title: 'Opening' }],
    durationSeconds: SEGMENTS * SEGMENT_SECONDS,
    fileSizeBytes: 12_345,
    canSeek: true,
    why: ['a reason'],
    variants: [
      { name: 'original', bandwidth: 3e6, averageBandwidth: 2e6, ...variant },
      { name: '480p', bandwidth: 1.4e6, averageBandwidth: 1.2e6, ...variant },
    ],
    audioRenditions: audio.map((track, index) => ({ name: `audio-${index}`, track, channels: 2 })),
    targetDurationSeconds: SEGMENT_SECONDS,
    rendition: (name) => renditions.get(name),
    subtitles: () => {
      const whole = files.subtitles;
      if (whole !== undefined) return { etag: '"text"', whole, isInOrder: true, pieces: async function* () {} };
      throw new AppError('NOT_FOUND', 'There is no such subtitle track in this session');
    },
    clip: async () => {
      throw new AppError('UNSUPPORTED_MEDIA', 'There is nothing to cut in this film.');
    },
    muxed: (index) => rendition(files, `muxed-${index}`),
    releaseViewer: () => undefined,
    async [Symbol.asyncDispose]() {
      files.closed += 1;
    },
  };
}

function rendition(files: FilePresentations, name: string): Rendition {
  const boundaries = Array.from({ length: SEGMENTS + 1 }, (_, number) => number * SEGMENT_SECONDS);
  return {
    name,
    format: name.startsWith('muxed') ? 'mpegts' : 'cmaf',
    timeline: { timescale: 1, boundaries },
    playlistTimeline: { timescale: 1, boundaries },
    isIndependent: true,
    init: async () => Buffer.from(`init of ${name}`),
    async segment(number, viewer, signal) {
      files.wishes.push({ rendition: name, number, viewer, signal });
      if (number === SEGMENTS - 1) throw new AppError('MEDIA_FAILED', 'This part of the film is broken.');
      return files.segment(name, number, signal);
    },
  };
}

function audioTrack(language: string, title: string, isDefault: boolean): AudioTrack {
  return {
    streamIndex: 1,
    codec: 'aac',
    isDecodable: true,
    codecString: 'mp4a.40.2',
    configuration: new Uint8Array(),
    sampleRate: 48_000,
    channels: 2,
    language,
    title,
    isDefault,
    role: 'main',
    timeBase: { num: 1, den: 48_000 },
    startTicks: 0,
    endTicks: undefined,
    bitRate: undefined,
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
