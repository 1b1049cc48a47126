// The media engine without processes and servers: audio renditions of a file, segment by segment, in any order.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AudioPlan, planAudio } from '../../../src/media/plan/audio-plan.ts';
import type { MediaFacts } from '../../../src/media/model/facts.ts';
import { audioInit } from '../../../src/media/plan/init-sections.ts';
import { inputFor } from '../../../src/media/probe/findings.ts';
import { probe } from '../../../src/media/probe/probe.ts';
import { planRendition, type RenditionPlan } from '../../../src/media/plan/rendition-plan.ts';
import { Demuxers } from '../../../src/media/worker/sessions/demuxers.ts';
import { VideoEncoders } from '../../../src/media/worker/encode/video-encoder.ts';
import type { GridFrame } from '../../../src/media/worker/libav/video/video-frame-grid.ts';
import { EncoderSessions } from '../../../src/media/worker/sessions/encoder-sessions.ts';
import { quietLibav } from '../../../src/media/worker/libav/codec/check.ts';
import { describe } from '../../../src/media/worker/libav/describe/describe.ts';
import { makeSegment } from '../../../src/media/worker/make-segment.ts';
import type { WorkerJob, WorkerResults } from '../../../src/media/worker/protocol/protocol.ts';
import { scan } from '../../../src/media/worker/scan/scan.ts';
import { verify } from '../../../src/media/worker/scan/verify.ts';
import { FileSource } from '../../../src/sources/file/file-source.ts';

const never = new AbortController().signal;

export interface AudioRequest {
  format?: 'cmaf' | 'mpegts';
  maxChannels?: number;
  track?: number;
}

export class SoundEngine implements AsyncDisposable {
  readonly facts: MediaFacts;
  readonly #source: FileSource;
  readonly #directory: string;
  readonly #demuxers: Demuxers;
  readonly #sessions = new EncoderSessions();
  #files = 0;

  static async open(path: string): Promise<SoundEngine> {
    quietLibav();
    const source = await FileSource.open(path, never);
    const demuxers = new Demuxers();
    const run = <J extends WorkerJob>(job: J): Promise<WorkerResults[J['kind']]> => perform(job, demuxers);
    const facts = await probe(source, run, never).catch(async (error: unknown) => {
      await source[Symbol.asyncDispose]();
      throw error;
    });
    const directory = await mkdtemp(join(tmpdir(), 'raffi-sound-'));
    return new SoundEngine({ facts, source, directory, demuxers });
  }

  private constructor(parts: { facts: MediaFacts; source: FileSource; directory: string; demuxers: Demuxers }) {
    this.facts = parts.facts;
    this.#source = parts.source;
    this.#directory = parts.directory;
    this.#demuxers = parts.demuxers;
  }

  plan({ track = 0, maxChannels }: AudioRequest = {}): AudioPlan {
    const chosen = this.facts.description.audio[track];
    if (!chosen) throw new TypeError(`the source has no audio track ${track}`);
    return planAudio(this.facts, chosen, maxChannels);
  }

  rendition(request: AudioRequest = {}): RenditionPlan {
    const audio = this.plan(request);
    const input = inputFor(this.#source, this.facts.description.container);
    const source = { id: this.#source.id, input, origin: this.facts.origin };
    return planRendition(source, { name: 'audio', format: request.format ?? 'cmaf', video: undefined, audio });
  }

  /** One segment, by the session of the rendition; `afresh`: by a new session. */
  async segment({ scheduled }: RenditionPlan, number: number, afresh = false): Promise<Buffer> {
    if (afresh) await this.#sessions[Symbol.asyncDispose]();
    const outputPath = join(this.#directory, `segment-${number}`);
    const encoders = new VideoEncoders<GridFrame>([]);
    const tools = { demuxers: this.#demuxers, sessions: this.#sessions, encoders, headers: new Map(), log: () => {} };
    await makeSegment({ ...scheduled.jobFor(number), outputPath }, tools, never);
    return readFile(outputPath);
  }

  /** Every segment of the rendition, made in `order` (default: ascending), as one file. */
  async file(request: AudioRequest = {}, order?: (numbers: number[]) => number[]): Promise<string> {
    const rendition = this.rendition(request);
    const numbers = Array.from({ length: rendition.scheduled.count }, (_, number) => number);
    const made = new Map<number, Buffer>();
    for (const number of order?.(numbers) ?? numbers)
      made.set(number, await this.segment(rendition, number, order !== undefined));
    return this.fileOf(
      rendition,
      numbers.map((number) => made.get(number) ?? Buffer.alloc(0)),
    );
  }

  /** Consecutive segments after their init section. */
  async fileOf({ format, audio }: RenditionPlan, segments: readonly Uint8Array[]): Promise<string> {
    const init = format === 'cmaf' && audio ? audioInit(audio) : new Uint8Array();
    const path = join(this.#directory, `${(this.#files += 1)}.${format === 'cmaf' ? 'mp4' : 'ts'}`);
    await writeFile(path, Buffer.concat([init, ...segments]));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions[Symbol.asyncDispose]();
    await this.#demuxers[Symbol.asyncDispose]();
    await this.#source[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function perform<J extends WorkerJob>(job: J, demuxers: Demuxers): Promise<WorkerResults[J['kind']]>;
async function perform(job: WorkerJob, demuxers: Demuxers): Promise<unknown> {
  switch (job.kind) {
    case 'describe':
      return demuxers.useFresh(job.input, describe, never);
    case 'scan':
      return demuxers.useFresh(job.input, (demuxer) => scan(demuxer, job, never), never);
    case 'verify':
      return demuxers.use(job.input, (demuxer) => verify(demuxer, job, never), never);
    default:
      throw new TypeError(`no ${job.kind} in a probe`);
  }
}
