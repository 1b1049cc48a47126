// A media worker for the tests of pool, store and scheduler: a real process with the real protocol that writes real files. The duration of
// a segment, and the faults, are in the script that each job carries as its input path.
import { appendFileSync, existsSync, unlinkSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SegmentJob, WorkerReply } from '../../../src/media/worker/protocol/protocol.ts';
import { parseScript, type WorkerScript } from './worker-script.ts';

const cancels = new Map<number, AbortController>();
/** The segment of the rendition that the encoder made last. */
let session: { key: string; number: number } | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => void hear(message));
say({ type: 'ready' });

async function hear(message: unknown): Promise<void> {
  if (isRecord(message) && message['type'] === 'ping') return say({ type: 'pong' });
  if (!isRecord(message) || typeof message['id'] !== 'number') return;
  const { id, type, job } = message;
  if (type === 'cancel') return cancels.get(id)?.abort();
  if (type !== 'job' || !isSegmentJob(job))
    return say({ type: 'failed', id, code: 'UNSUPPORTED_MEDIA', message: 'only segments', detail: undefined });
  const cancel = new AbortController();
  cancels.set(id, cancel);
  const script = parseScript(job.input);
  try {
    note(script, 'start', job);
    const sizeBytes = await make(job, script, cancel.signal);
    note(script, 'done', job);
    say({ type: 'done', id, result: { sizeBytes } });
  } catch (error) {
    note(script, cancel.signal.aborted ? 'cancelled' : 'failed', job);
    const detail = error instanceof Error ? error.message : undefined;
    say({ type: 'failed', id, code: 'MEDIA_FAILED', message: `Segment ${job.number} cannot be made.`, detail });
  } finally {
    cancels.delete(id);
  }
}

/** Writes half of the bytes, waits, writes the other half, and renames the file. */
async function make(job: SegmentJob, script: WorkerScript, signal: AbortSignal): Promise<number> {
  const isNext = session?.key === job.renditionKey && session.number === job.number - 1;
  session = undefined;
  const partial = `${job.outputPath}.partial`;
  const half = Math.floor(script.sizeBytes / 2);
  const box = segmentBytes(script.sizeBytes, job.number);
  try {
    const file = await open(partial, 'w');
    await file.write(box.subarray(0, half));
    if (happens(script.crashMarker)) process.kill(process.pid, 'SIGKILL');
    if (happens(script.hangMarker)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    const hog = Buffer.alloc(script.hogBytes ?? 0, 1);
    await sleep(script.segmentMs + (isNext ? 0 : script.startMs), undefined, { signal });
    if (script.failingNumbers.includes(job.number)) throw new Error('scripted failure');
    await file.write(box.subarray(half));
    await file.close();
    await rename(partial, job.outputPath);
    hog.fill(2);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  session = { key: job.renditionKey, number: job.number };
  return box.byteLength;
}

/** One `mdat` box filled with the number. */
function segmentBytes(sizeBytes: number, number: number): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes, number % 256);
  bytes.writeUInt32BE(sizeBytes, 0);
  bytes.write('mdat', 4, 'latin1');
  return bytes;
}

/** Each marker file stands for one fault. */
function happens(marker: string | undefined): boolean {
  if (marker === undefined || !existsSync(marker)) return false;
  if (!marker.endsWith('.always')) unlinkSync(marker);
  return true;
}

function note(script: WorkerScript, what: string, job: SegmentJob): void {
  appendFileSync(
    script.logPath,
    `${JSON.stringify({ what, number: job.number, key: job.renditionKey, pid: process.pid })}\n`,
  );
}

function say(reply: WorkerReply): void {
  process.send?.(reply);
}

function isSegmentJob(value: unknown): value is SegmentJob {
  return (
    isRecord(value) &&
    value['kind'] === 'segment' &&
    typeof value['outputPath'] === 'string' &&
    isRecord(value['input'])
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
