// Makes one segment of a local file in this process, without a server: for a debugger, a profiler, or to compare bytes.
// The job is the one the server would give a media worker. Usage is below.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { fileIdentity } from '../src/base/file-identity.ts';
import type { MediaFacts } from '../src/media/model/facts.ts';
import { CAST, MULTIVARIANT, MUXED } from '../src/media/plan/capabilities.ts';
import { planDelivery, type PlannedRendition } from '../src/media/plan/delivery-plan.ts';
import { audioInit, copiedVideoInit, encodedVideoInit } from '../src/media/plan/init-sections.ts';
import { planRendition } from '../src/media/plan/rendition-plan.ts';
import type { RunJob } from '../src/media/pool/run-job.ts';
import { WorkerPool } from '../src/media/pool/worker-pool.ts';
import { inputFor } from '../src/media/probe/findings.ts';
import { probe } from '../src/media/probe/probe.ts';
import { Demuxers } from '../src/media/worker/sessions/demuxers.ts';
import { VideoEncoders } from '../src/media/worker/encode/video-encoder.ts';
import { x264Encoder } from '../src/media/worker/libav/video/x264-encoder.ts';
import { EncoderSessions } from '../src/media/worker/sessions/encoder-sessions.ts';
import { quietLibav } from '../src/media/worker/libav/codec/check.ts';
import { makeSegment } from '../src/media/worker/make-segment.ts';
import type { SegmentJob } from '../src/media/worker/protocol/protocol.ts';
import { FileSource } from '../src/sources/file/file-source.ts';

const USAGE = `node scripts/with-setup.mjs [--inspect-brk] scripts/run-segment-job.ts FILE RENDITION NUMBER [options]
node scripts/with-setup.mjs [--inspect-brk] scripts/run-segment-job.ts --job JOB.json [options]

RENDITION: original, 1080p, 720p, 480p, 360p, audio-0, muxed-0, cast-0: the names in URLs
  --out PATH        where to write the segment (default: NUMBER.m4s or NUMBER.ts)
  --playable        write the init section before the segment, so that ffprobe and players take it
  --save-job PATH   also write the job as JSON, to change it by hand and run it with --job`;

/** What `--save-job` writes. */
interface SavedJob {
  job: Omit<SegmentJob, 'outputPath'>;
  /** Empty for MPEG-TS. */
  init: Uint8Array;
}

const never = new AbortController().signal;

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      job: { type: 'string' },
      out: { type: 'string' },
      playable: { type: 'boolean', default: false },
      'save-job': { type: 'string' },
    },
    allowPositionals: true,
  });
  const [file, rendition, number] = positionals;
  const isPlanned = file !== undefined && rendition !== undefined && /^\d+$/u.test(number ?? '');
  if (isPlanned === (values.job !== undefined)) {
    console.error(USAGE);
    process.exitCode = 1;
    return;
  }
  const saved =
    values.job === undefined ? await planned(file ?? '', rendition ?? '', Number(number)) : await loaded(values.job);
  if (values['save-job'] !== undefined) await writeFile(values['save-job'], toJson(saved));
  const { format, number: made } = saved.job;
  const outputPath = resolve(values.out ?? `${made}.${format === 'cmaf' ? 'm4s' : 'ts'}`);
  const startedMs = performance.now();
  const { sizeBytes } = await run({ ...saved.job, outputPath });
  const tookMs = Math.round(performance.now() - startedMs);
  if (values.playable) await writeFile(outputPath, Buffer.concat([saved.init, await readFile(outputPath)]));
  console.log(`${outputPath}: ${sizeBytes} bytes in ${tookMs} ms`);
}

/** As a media worker does it. */
async function run(job: SegmentJob): Promise<{ sizeBytes: number }> {
  quietLibav();
  await using demuxers = new Demuxers();
  await using sessions = new EncoderSessions();
  return await makeSegment(
    job,
    { demuxers, sessions, encoders: new VideoEncoders([x264Encoder]), headers: new Map(), log: console.error },
    never,
  );
}

/** The job of a segment, planned as a presentation plans it. A worker looks at the file. */
async function planned(file: string, name: string, number: number): Promise<SavedJob> {
  await using source = await FileSource.open(resolve(file), never);
  const entry = new URL('../src/media/worker/segment-worker.ts', import.meta.url);
  await using pool = new WorkerPool({ entry, log: console.error });
  const runJob: RunJob = (job, signal) => pool.run(job, signal);
  const facts = await probe(source, runJob, never);
  const parts = renditionOf(facts, name);
  const input = inputFor(source, facts.description.container, facts.splices);
  const { scheduled } = planRendition({ id: source.id, input, origin: facts.origin }, parts);
  if (number >= scheduled.count) throw new Error(`"${name}" has the segments 0 to ${scheduled.count - 1}`);
  return { job: scheduled.jobFor(number), init: await initOf(parts, facts, runJob) };
}

function renditionOf(facts: MediaFacts, name: string): PlannedRendition {
  const all = [MULTIVARIANT, MUXED, CAST].flatMap((client) => planDelivery(facts, client).renditions);
  const found = all.find((each) => each.name === name);
  if (found) return found;
  throw new Error(`"${name}" is not a rendition of the file; it has ${all.map((each) => each.name).join(', ')}`);
}

async function initOf(
  { format, video, audio }: PlannedRendition,
  { description }: MediaFacts,
  runJob: RunJob,
): Promise<Uint8Array> {
  if (format === 'mpegts') return new Uint8Array();
  if (video && !('cuts' in video)) {
    const header = await runJob({ kind: 'encoder-header', track: video.track }, never);
    return encodedVideoInit(video.track, header.configuration);
  }
  if (video && description.video) return copiedVideoInit(description.video, video.track);
  return audio ? audioInit(audio) : new Uint8Array();
}

/** The file may have been copied or touched since: what is on the path now counts. */
async function loaded(path: string): Promise<SavedJob> {
  const saved: unknown = JSON.parse(await readFile(path, 'utf8'), fromJson);
  if (!isSavedJob(saved)) throw new Error(`${path} was not written by --save-job`);
  const { job } = saved;
  if (job.input.kind !== 'file') throw new Error('only jobs of local files can be run');
  const identity = fileIdentity(await stat(job.input.path, { bigint: true }));
  return { ...saved, job: { ...job, input: { ...job.input, ...identity } } };
}

function isSavedJob(value: unknown): value is SavedJob {
  return typeof value === 'object' && value !== null && 'job' in value && 'init' in value;
}

/** Bytes are written as `{ "base64": text }`. */
function toJson(saved: SavedJob): string {
  const written = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
    if (Array.isArray(value)) return value.map(written);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, written(member)]));
  };
  return `${JSON.stringify(written(saved), undefined, 2)}\n`;
}

function fromJson(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
  return new Uint8Array(Buffer.from(String(value.base64), 'base64'));
}
