// The main loop of a media worker process: it receives jobs as messages and answers each once. A crash costs one segment, which is retried.
import { flushCompileCache } from 'node:module';
import { hasErrno } from '../../base/errno.ts';
import { AppError, isAbort } from '../../base/app-error.ts';
import { Demuxers } from './sessions/demuxers.ts';
import { EncoderSessions } from './sessions/encoder-sessions.ts';
import { VideoEncoders, type VideoEncoder } from './encode/video-encoder.ts';
import { quietLibav } from './libav/codec/check.ts';
import { describe } from './libav/describe/describe.ts';
import type { GridFrame } from './libav/video/video-frame-grid.ts';
import { makeClipPiece } from './make-clip-piece.ts';
import { makeSegment } from './make-segment.ts';
import { Questions } from './questions.ts';
import type { EncoderHeader, WorkerJob, WorkerReply, WorkerRequest, WorkerResults } from './protocol/protocol.ts';
import { scan } from './scan/scan.ts';
import { verify } from './scan/verify.ts';

/** Serves the parent process until it disconnects. */
export function runWorker(encoders: readonly VideoEncoder<GridFrame>[]): void {
  quietLibav();
  const worker = new SegmentWorker(new VideoEncoders(encoders));
  process.on('message', (request: WorkerRequest) => worker.take(request));
  // The server has exited, or ends this process. Native code is not torn down, because that can crash; the system frees its resources.
  process.on('disconnect', () => process.exit(0));
  reply({ type: 'ready' });
  // Workers are often killed, so the compile cache is written at once, not at exit.
  flushCompileCache();
}

class SegmentWorker {
  readonly #questions = new Questions();
  readonly #demuxers = new Demuxers({
    queryBuffered: (url, start) => this.#questions.ask((id) => reply({ type: 'query-buffered', id, url, start })),
  });
  readonly #sessions = new EncoderSessions();
  readonly #encoders: VideoEncoders<GridFrame>;
  readonly #headers = new Map<string, EncoderHeader>();
  readonly #running = new Map<number, AbortController>();

  constructor(encoders: VideoEncoders<GridFrame>) {
    this.#encoders = encoders;
  }

  take(request: WorkerRequest): void {
    if (request.type === 'job') void this.#answer(request.id, request.job);
    else if (request.type === 'cancel') this.#running.get(request.id)?.abort();
    else if (request.type === 'buffered') this.#questions.answer(request.id, request.end);
    else reply({ type: 'pong' });
  }

  async #answer(id: number, job: WorkerJob): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      reply({ type: 'done', id, result: await this.#perform(job, controller.signal) });
    } catch (error) {
      reply(failure(id, error));
    } finally {
      this.#running.delete(id);
    }
  }

  #perform(job: WorkerJob, signal: AbortSignal): Promise<WorkerResults[keyof WorkerResults]> {
    const demuxers = this.#demuxers;
    const tools = { sessions: this.#sessions, encoders: this.#encoders, headers: this.#headers };
    switch (job.kind) {
      case 'segment':
        return makeSegment(job, { ...tools, demuxers, log }, signal);
      case 'clip-piece':
        return makeClipPiece(job, tools, signal);
      case 'describe':
        return demuxers.useFresh(job.input, describe, signal);
      case 'scan':
        return demuxers.useFresh(job.input, (demuxer) => scan(demuxer, job, signal), signal);
      case 'verify':
        return demuxers.use(job.input, (demuxer) => verify(demuxer, job, signal), signal);
      case 'encoder-header':
        return this.#encoders.get(job.track.encoder).header(job.track);
    }
  }
}

function failure(id: number, error: unknown): WorkerReply {
  if (error instanceof AppError) {
    const detail = typeof error.cause === 'string' ? error.cause : undefined;
    return { type: 'failed', id, code: error.code, message: error.message, detail };
  }
  if (hasErrno(error, 'ENOSPC')) {
    return { type: 'failed', id, code: 'DISK_FULL', message: 'The disk is full', detail: undefined };
  }
  const message = isAbort(error) ? 'The work was cancelled' : 'The media could not be processed';
  return {
    type: 'failed',
    id,
    code: 'MEDIA_FAILED',
    message,
    detail: error instanceof Error ? error.stack : String(error),
  };
}

/** Writes a line that the server puts in its log. */
function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function reply(message: WorkerReply): void {
  process.send?.(message);
}
