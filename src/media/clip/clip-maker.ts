// Makes clips: a worker encodes the pieces into one file, then the head with all tables is written before them.
import { randomUUID } from 'node:crypto';
import { AppError } from '../../base/app-error.ts';
import type { MediaInput } from '../../sources/port/source.ts';
import { aacLcConfig } from '../bitstream/audio-specific-config.ts';
import { isWorkerLost, type WorkerLease } from '../pool/worker-pool.ts';
import type { EncodedVideo, Origin } from '../model/rendition-track.ts';
import type { ClipPieceResult } from '../worker/protocol/protocol.ts';
import { ClipDraft } from './clip-draft.ts';
import { clipHead, headBytes, type Chunk, type ClipMovie, type ClipTrack } from './clip-movie.ts';
import type { ClipPiece, ClipPlan } from './clip-plan.ts';
import { AAC_FRAME_SAMPLES } from '../model/samples.ts';

export interface ClipMakerOptions {
  /** Absolute path; created when needed. */
  directory: string;
  /** Leases an exclusive encoder process. */
  lease(): WorkerLease;
}

export interface ClipRequest {
  plan: ClipPlan;
  input: MediaInput;
  origin: Origin;
  /** File name without extension, already made safe. */
  name: string;
  /** Called with the finished share, 0 to 1. */
  onProgress(share: number): void;
}

/** Each clip occupies one processor. */
const MAX_AT_A_TIME = 2;
const MAX_LOSSES = 2;

export class ClipMaker implements AsyncDisposable {
  readonly #options: ClipMakerOptions;
  readonly #making = new Set<Promise<string>>();
  readonly #stop = new AbortController();

  constructor(options: ClipMakerOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the path of the finished clip. An unfinished clip leaves no file.
   * @throws AppError TOO_MANY, DISK_FULL, FORBIDDEN, WORKER_LOST, what the worker reports; the signal's reason
   */
  async make(request: ClipRequest, signal: AbortSignal): Promise<string> {
    if (this.#making.size >= MAX_AT_A_TIME)
      throw new AppError('TOO_MANY', `${MAX_AT_A_TIME} clips are being made already`, {
        hint: 'Try again when one is done',
      });
    const work = this.#make(request, AbortSignal.any([signal, this.#stop.signal]));
    this.#making.add(work);
    try {
      return await work;
    } finally {
      this.#making.delete(work);
    }
  }

  /** Cancels the clips that are being made; resolves when their files are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AppError('NOT_READY', 'The server ends'));
    await Promise.allSettled(this.#making);
  }

  async #make(request: ClipRequest, signal: AbortSignal): Promise<string> {
    await using draft = await ClipDraft.create(this.#options.directory);
    await draft.assertRoom();
    await this.#fill(draft, request, signal);
    return await draft.publish(request.name, signal);
  }

  async #fill(draft: ClipDraft, request: ClipRequest, signal: AbortSignal): Promise<void> {
    const { pieces, video } = request.plan;
    const head = headBytes(expectedSize(request.plan));
    await using encoder = new PieceEncoder(this.#options.lease, request, draft.path);
    const configuration = video ? await encoder.configuration(video.track, signal) : new Uint8Array();
    const made: MadePiece[] = [];
    let position = head;
    for (const piece of pieces) {
      const result = await encoder.encode(piece, position, signal);
      made.push({ ...result, position });
      position += sum(result.video.sizes) + sum(result.audio.sizes);
      request.onProgress(made.length / pieces.length);
      await draft.assertRoom();
    }
    await draft.write(clipHead(movieOf(request.plan, made, configuration), head, position - head), 0);
  }
}

interface MadePiece extends ClipPieceResult {
  /** First byte in the file: video samples first, then audio. */
  position: number;
}

/** Encodes the pieces on one worker, which is replaced when lost. */
class PieceEncoder implements AsyncDisposable {
  readonly #lease: () => WorkerLease;
  readonly #request: ClipRequest;
  readonly #outputPath: string;
  readonly #key = `clip ${randomUUID()}`;
  #worker: WorkerLease | undefined;
  #losses = 0;

  constructor(lease: () => WorkerLease, request: ClipRequest, outputPath: string) {
    this.#lease = lease;
    this.#request = request;
    this.#outputPath = outputPath;
  }

  /** The avcC record that is valid for all pieces. */
  async configuration(track: EncodedVideo, signal: AbortSignal): Promise<Uint8Array> {
    return this.#retried(
      async (worker) => (await worker.run({ kind: 'encoder-header', track }, signal)).configuration,
      signal,
    );
  }

  encode(piece: ClipPiece, position: number, signal: AbortSignal): Promise<ClipPieceResult> {
    const { input, origin, plan } = this.#request;
    const tick = plan.video?.track.frameRate.den ?? 1;
    const job = {
      kind: 'clip-piece',
      input,
      origin,
      renditionKey: this.#key,
      video: plan.video &&
        piece.video && { track: plan.video.track, start: piece.video.start * tick, end: piece.video.end * tick },
      audio: plan.audio && piece.audio && { track: plan.audio.track, ...piece.audio },
      outputPath: this.#outputPath,
      position,
    } as const;
    return this.#retried((worker) => worker.run(job, signal), signal);
  }

  async #retried<T>(work: (worker: WorkerLease) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const worker = (this.#worker ??= this.#lease());
      try {
        return await work(worker);
      } catch (error) {
        this.#losses += 1;
        if (!isWorkerLost(error) || signal.aborted || this.#losses > MAX_LOSSES) throw error;
        this.#worker = undefined;
        await worker[Symbol.asyncDispose]();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.[Symbol.asyncDispose]();
  }
}

function expectedSize({ video, audio, pieces }: ClipPlan): { samples: number; chunks: number } {
  const frames = video ? video.frames.end - video.frames.start : 0;
  const audioFrames = audio ? Math.ceil((audio.samples.end - audio.samples.start) / AAC_FRAME_SAMPLES) + 1 : 0;
  return { samples: frames + audioFrames, chunks: pieces.length };
}

function movieOf({ video, audio }: ClipPlan, made: MadePiece[], configuration: Uint8Array): ClipMovie {
  const tracks: ClipTrack[] = [];
  if (video) tracks.push(videoTrack(video, made, configuration));
  if (audio) tracks.push(audioTrack(audio, made));
  if (video) {
    const { num, den } = video.track.frameRate;
    return { timescale: num, duration: (video.frames.end - video.frames.start) * den, tracks };
  }
  const samples = audio?.samples ?? { start: 0, end: 0 };
  return { timescale: audio?.track.sampleRate ?? 1, duration: samples.end - samples.start, tracks };
}

function videoTrack(
  { track, frames }: NonNullable<ClipPlan['video']>,
  made: MadePiece[],
  configuration: Uint8Array,
): ClipTrack {
  const { width, height, color, frameRate } = track;
  const shape = { codec: 'h264', configuration, width, height, color, sampleAspectRatio: { num: 1, den: 1 } };
  const start = frames.start * frameRate.den;
  const times = made.flatMap((piece) => piece.video.times.map((time) => time - start));
  const syncs: number[] = [];
  let count = 0;
  for (const piece of made) {
    for (const index of piece.video.syncs) syncs.push(count + index);
    count += piece.video.sizes.length;
  }
  const chunks = made.map((piece): Chunk => ({ offset: piece.position, count: piece.video.sizes.length }));
  const sizes = made.flatMap((piece) => piece.video.sizes);
  return {
    shape: { kind: 'video', ...shape },
    timescale: frameRate.num,
    sampleTicks: frameRate.den,
    lastSampleTicks: frameRate.den,
    sizes,
    chunks,
    times,
    syncs,
    skipTicks: 0,
  };
}

/** The audio track of the clip. The first AAC frame is priming, which only warms up the decoder; the last one is cut to the end of the audio. */
function audioTrack({ track, samples }: NonNullable<ClipPlan['audio']>, made: MadePiece[]): ClipTrack {
  const { sampleRate, channels } = track;
  const sizes = made.flatMap((piece) => piece.audio.sizes);
  const chunks = made
    .map((piece): Chunk => ({ offset: piece.position + sum(piece.video.sizes), count: piece.audio.sizes.length }))
    .filter(({ count }) => count > 0);
  return {
    shape: { kind: 'audio', codec: 'aac', configuration: aacLcConfig(sampleRate, channels), sampleRate, channels },
    timescale: sampleRate,
    sampleTicks: AAC_FRAME_SAMPLES,
    lastSampleTicks: samples.end - samples.start - (sizes.length - 2) * AAC_FRAME_SAMPLES,
    sizes,
    chunks,
    times: undefined,
    syncs: undefined,
    skipTicks: AAC_FRAME_SAMPLES,
  };
}

function sum(sizes: number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
