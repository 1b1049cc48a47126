// The media worker process: takes jobs as messages, answers each once. A crash here costs one segment, which is asked for again.
import { flushCompileCache } from 'node:module';
import { AppError, isAbort } from '../../base/app-error.ts';
import { Demuxers } from './encode/demuxers.ts';
import { EncoderSessions } from './encode/encoder-sessions.ts';
import { quietLibav } from './libav/codec/check.ts';
import { describe } from './libav/describe/describe.ts';
import { encoderHeader } from './libav/video/encoder-header.ts';
import { makeClipPiece } from './make-clip-piece.ts';
import { makeSegment } from './make-segment.ts';
import { Questions } from './questions.ts';
import type { EncoderHeader, WorkerJob, WorkerReply, WorkerRequest, WorkerResults } from './protocol/protocol.ts';
import { scan } from './scan/scan.ts';
import { verify } from './scan/verify.ts';

const questions = new Questions();
const demuxers = new Demuxers({ askNear });
const sessions = new EncoderSessions();
const headers = new Map<string, EncoderHeader>();
const running = new Map<number, AbortController>();

function askNear(url: string, start: number): Promise<number> {
  return questions.ask((id) => reply({ type: 'ask-near', id, url, start }));
}

function perform(job: WorkerJob, signal: AbortSignal): Promise<WorkerResults[keyof WorkerResults]> {
  switch (job.kind) {
    case 'segment':
      return makeSegment(job, { demuxers, sessions, headers, say }, signal);
    case 'clip-piece':
      return makeClipPiece(job, sessions, signal);
    case 'describe':
      return demuxers.useFresh(job.input, describe, signal);
    case 'scan':
      return demuxers.useFresh(job.input, (demuxer) => scan(demuxer, job, signal), signal);
    case 'verify':
      return demuxers.use(job.input, (demuxer) => verify(demuxer, job, signal), signal);
    case 'encoder-header':
      return encoderHeader(job.track);
  }
}

async function answer(id: number, job: WorkerJob): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    reply({ type: 'done', id, result: await perform(job, controller.signal) });
  } catch (error) {
    reply(failure(id, error));
  } finally {
    running.delete(id);
  }
}

function failure(id: number, error: unknown): WorkerReply {
  if (error instanceof AppError) {
    const detail = typeof error.cause === 'string' ? error.cause : undefined;
    return { type: 'failed', id, code: error.code, message: error.message, detail };
  }
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return { type: 'failed', id, code: 'DISK_FULL', message: 'The disk is full.', detail: undefined };
  }
  const message = isAbort(error) ? 'The work was cancelled.' : 'The media could not be processed.';
  return {
    type: 'failed',
    id,
    code: 'MEDIA_FAILED',
    message,
    detail: error instanceof Error ? error.stack : String(error),
  };
}

/** What is said here is in the server's log. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function reply(message: WorkerReply): void {
  process.send?.(message);
}

quietLibav();
process.on('message', (request: WorkerRequest) => {
  if (request.type === 'job') void answer(request.id, request.job);
  else if (request.type === 'cancel') running.get(request.id)?.abort();
  else if (request.type === 'near') questions.answer(request.id, request.end);
  else if (request.type === 'ping') reply({ type: 'here' });
  else void sessions.release(request.renditionKey);
});
// The server is gone, or wants this process gone. Native code is not torn down: that can crash, and the system takes everything back.
process.on('disconnect', () => process.exit(0));
reply({ type: 'ready' });
// Workers are often killed: what was compiled is kept at once, not at the end.
flushCompileCache();
