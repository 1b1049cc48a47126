// Probes a source for its facts: reads header and index in parallel, and scans the packets only when there is no index.
import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import type { Source } from '../../sources/port/source.ts';
import type { ByteReader, ContainerIndex } from '../index/container/container-index.ts';
import { isCutOffMp4 } from '../index/mp4/cut-off-mp4.ts';
import { readContainerIndex } from '../index/read-container-index.ts';
import type { MediaDescription, SourceTracks } from '../model/description.ts';
import type { MediaFacts } from '../model/facts.ts';
import type { RunJob } from '../pool/run-job.ts';
import { assembleFacts } from './assemble-facts.ts';
import { inputFor, splicesOf, type Findings, type Subject } from './findings.ts';
import { isDownloadedWithin } from './wait-until-downloaded.ts';
import { chooseTracks } from './track-choice.ts';
import { headsToVerify } from './verify-keyframes.ts';

/** A larger remote source is not scanned for its keyframes. */
const MAX_REMOTE_SCAN_BYTES = 64 * MIB;

/** A source without ranges that is downloaded within this limit is treated like one with ranges. */
const SOON = { bytes: 32 * MIB, timeMs: 500 };

/** How long probing waits for the download of a source that must be read to its end to be measured. */
const TO_MEASURE = { bytes: 32 * MIB, timeMs: 6_000 };

/** How long probing waits for the tracks of a source of unknown length and duration. */
const TO_DESCRIBE_MS = 8_500;

/** Containers whose header states the duration; for others libav reads the end, or estimates. */
const STATING_CONTAINERS = /^(?:mov|matroska|avi|flv|asf|wav|flac|caf|aiff)/;

const MAX_TRACKS = 256;
/** 8192 x 8192. */
const MAX_PIXELS = 2 ** 26;

/** @throws AppError NOT_MEDIA, UNSUPPORTED_MEDIA, or what reading the source throws */
export async function probe(source: Source, run: RunJob, signal: AbortSignal): Promise<MediaFacts> {
  if (source.sizeBytes === 0) throw new AppError('NOT_MEDIA', 'The file is empty');
  const isRandomAccess = await isDownloadedWithin(source, SOON, signal);
  const done = new AbortController();
  // Started now, so that a measurement that takes too long fails before the caller's own timeout.
  const isMeasurable = isRandomAccess
    ? Promise.resolve(true)
    : isDownloadedWithin(source, TO_MEASURE, AbortSignal.any([signal, done.signal]));
  isMeasurable.catch(() => {});
  try {
    return await probeOnce({ source, run, isRandomAccess, isMeasurable }, signal);
  } catch (error) {
    if (isRandomAccess || !isMediaError(error) || !(await isMp4(source, signal))) throw error;
  } finally {
    done.abort();
  }
  // An MP4 file with its index at the end, from a server without ranges: playback needs the whole download.
  const end = source.sizeBytes ?? Number.MAX_SAFE_INTEGER;
  await source.read({ start: end - 1, end }, signal);
  return probeOnce({ source, run, isRandomAccess: true, isMeasurable: Promise.resolve(true) }, signal);
}

function isMediaError(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'NOT_MEDIA' || error.code === 'MEDIA_FAILED');
}

async function isMp4(source: Source, signal: AbortSignal): Promise<boolean> {
  return (await readContainerIndex(readerOf(source, false, signal)))?.container === 'mp4';
}

async function probeOnce(subject: Subject, signal: AbortSignal): Promise<MediaFacts> {
  const { source, isRandomAccess } = subject;
  const reader = readerOf(source, isRandomAccess, signal);
  const indexing = readContainerIndex(reader);
  const heads = indexing.then((read) => headsToVerify(read?.video, source));
  // Awaited where they are needed: an error of the source itself is reported earlier.
  heads.catch(() => {});
  const [described, index] = await Promise.allSettled([describe(subject, indexing, signal), indexing]);
  // An error of the source itself tells more than the failure of a worker to read it.
  if (index.status === 'rejected') throw index.reason;
  if (described.status === 'rejected') throw await explained(described.reason, reader);
  const tracks = chooseTracks(described.value, index.value);
  const description = isRandomAccess ? tracks : asStated(tracks);
  // The index of another video track than the chosen one is not used.
  const isIndexed = index.value?.video?.streamIndex === description.video?.streamIndex;
  const own = index.value && (isIndexed ? index.value : { ...index.value, video: undefined });
  return assembleFacts(await withScan({ ...subject, description, index: own, heads }, signal), signal);
}

/** Describes the tracks. A live stream may take minutes to show its tracks, so the wait is limited. @throws AppError UNSUPPORTED_MEDIA */
async function describe(
  { source, run, isRandomAccess }: Subject,
  indexing: Promise<ContainerIndex | undefined>,
  signal: AbortSignal,
): Promise<SourceTracks> {
  const input = isRandomAccess ? source.input : (source.inOrderInput ?? source.input);
  if (isRandomAccess || source.sizeBytes !== undefined) return run({ kind: 'describe', input }, signal);
  const endless = new AbortController();
  const giveUp = async (): Promise<void> => {
    const index = await indexing.catch(() => undefined);
    if (index?.durationSeconds === undefined) endless.abort(unmeasurable(source));
  };
  const timer = setTimeout(() => void giveUp(), TO_DESCRIBE_MS);
  try {
    return await run({ kind: 'describe', input }, AbortSignal.any([signal, endless.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function asStated(description: MediaDescription): MediaDescription {
  return STATING_CONTAINERS.test(description.container) ? description : { ...description, durationSeconds: undefined };
}

function readerOf(source: Source, isSeekable: boolean, signal: AbortSignal): ByteReader {
  return { sizeBytes: source.sizeBytes, isSeekable, read: (range) => source.read(range, signal) };
}

async function explained(error: unknown, reader: ByteReader): Promise<unknown> {
  const isRefused = error instanceof AppError && error.code === 'NOT_MEDIA';
  if (!isRefused || !(await isCutOffMp4(reader))) return error;
  return new AppError('NOT_MEDIA', 'The file is incomplete: its end is missing, and with it the index', {
    cause: error,
  });
}

async function withScan(findings: Findings, signal: AbortSignal): Promise<Findings> {
  const { source, description, index } = findings;
  if (!description.video && !description.audio.length)
    throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound');
  assertReasonable(description);
  const isKnown = description.video ? index?.video !== undefined : index?.durationSeconds !== undefined;
  const isCostly = source.input.kind !== 'file' && (source.sizeBytes ?? Infinity) > MAX_REMOTE_SCAN_BYTES;
  const canDoWithout = (index?.durationSeconds ?? description.durationSeconds) !== undefined;
  if (isKnown || ((isCostly || !findings.isRandomAccess) && canDoWithout)) return findings;
  if (!(await findings.isMeasurable)) throw unmeasurable(source);
  const [first, ...others] = [...(description.video ? [description.video] : []), ...description.audio].map(
    ({ streamIndex }) => streamIndex,
  );
  if (first === undefined) return findings;
  const input = inputFor(source, description.container, splicesOf(findings));
  const scan = await findings.run({ kind: 'scan', input, streamIndex: first, otherStreams: others }, signal);
  return { ...findings, scan };
}

/** Refuses sources that would exhaust the machine. @throws AppError UNSUPPORTED_MEDIA */
function assertReasonable({ video, audio, subtitles }: MediaDescription): void {
  const tracks = audio.length + subtitles.length;
  if (tracks > MAX_TRACKS) throw new AppError('UNSUPPORTED_MEDIA', `The source has ${tracks} tracks`);
  if (video && video.width * video.height > MAX_PIXELS)
    throw new AppError('UNSUPPORTED_MEDIA', `The picture has ${video.width} x ${video.height} pixels`);
}

function unmeasurable(source: Source): AppError {
  return source.sizeBytes === undefined
    ? new AppError(
        'UNSUPPORTED_MEDIA',
        'The server does not say how long this is, and it cannot be measured: it may be a live stream',
      )
    : new AppError(
        'UNSUPPORTED_MEDIA',
        'The film does not say how long it is, and the server only sends it from its start: it would have to be loaded to its end first',
      );
}
