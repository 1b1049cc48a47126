// Learns the facts of a source: header and index at the same time, a scan of the packets only where there is no index.
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import type { Source } from '../../sources/port/source.ts';
import type { BytePositions } from '../model/byte-positions.ts';
import type { AudioTrack, Chapter, MediaDescription, SourceTracks, VideoTrack } from '../model/description.ts';
import type { MediaFacts } from '../model/facts.ts';
import type { ByteReader, ContainerIndex } from '../index/container/container-index.ts';
import { isCutOffMp4 } from '../index/mp4/cut-off-mp4.ts';
import { whyNothingPlays } from '../plan/delivery-plan.ts';
import { arrivesWithin } from './in-order-reach.ts';
import { seenRate } from '../model/frame-rate.ts';
import { presentationOrigin, secondsOf } from '../model/presentation-span.ts';
import { readContainerIndex } from '../index/read-container-index.ts';
import type { Origin, Splices } from '../model/rendition-track.ts';
import type { ScanResult, WorkerInput } from '../worker/protocol/protocol.ts';
import type { RunJob } from '../pool/run-job.ts';
import { chooseTracks } from './track-choice.ts';
import { usableKeyframes } from './usable-keyframes.ts';
import { headsToVerify, verifyKeyframes } from './verify-keyframes.ts';

/** A remote source is read through for its keyframes only up to this size. */
const MAX_REMOTE_SCAN_BYTES = 64 * 1024 * 1024;

/** A source without ranges that is here so soon is treated like one with ranges. */
const SOON = { bytes: 32 * 1024 * 1024, timeMs: 500 };

/** How long one is waited for that must be read to its end to be measured. */
const TO_MEASURE = { bytes: 32 * 1024 * 1024, timeMs: 6_000 };

/** How long one of unknown length, which does not state its duration either, is waited for to tell its tracks. */
const TO_DESCRIBE_MS = 8_500;

/** Containers whose header states the duration; for others libav looks at the end, or guesses. */
const STATING_CONTAINERS = /^(?:mov|matroska|avi|flv|asf|wav|flac|caf|aiff)/;

/** A stated end this much after the picture's is not believed where there are subtitles. */
const SUBTITLE_TAIL_SECONDS = 1;

/** Longer groups of pictures at the end of a film are rare. */
const MAX_GROUP_SECONDS = 15;

/** 100 hours: tables and playlists grow with the length, and a damaged header states any. */
const MAX_SECONDS = 360_000;

const MAX_TRACKS = 256;
/** 8192 x 8192. */
const MAX_PIXELS = 2 ** 26;

/** Half a tick of a millisecond clock, and a little more. */
const GRID_TOLERANCE_SECONDS = 0.001;

/** @throws AppError NOT_MEDIA, UNSUPPORTED_MEDIA, or what reading the source throws */
export async function probe(source: Source, run: RunJob, signal: AbortSignal): Promise<MediaFacts> {
  if (source.sizeBytes === 0) throw new AppError('NOT_MEDIA', 'The file is empty.');
  const isWhole = await arrivesWithin(source, SOON, signal);
  const done = new AbortController();
  // Begun now: what would take too long is said before the one who waits gives up.
  const isMeasurable = isWhole
    ? Promise.resolve(true)
    : arrivesWithin(source, TO_MEASURE, AbortSignal.any([signal, done.signal]));
  isMeasurable.catch(() => {});
  try {
    return await probeOnce({ source, run, isWhole, isMeasurable }, signal);
  } catch (error) {
    if (isWhole || !isMediaError(error) || !(await isMp4(source, signal))) throw error;
  } finally {
    done.abort();
  }
  // A film with its index at its end, from a server without ranges: nothing can be played before all of it is here.
  const end = source.sizeBytes ?? Number.MAX_SAFE_INTEGER;
  await source.read({ start: end - 1, end }, signal);
  return probeOnce({ source, run, isWhole: true, isMeasurable: Promise.resolve(true) }, signal);
}

/** How workers read a source: MP4 lists all its places in front, others would look for theirs at the end. */
export function inputFor(source: Source, container: string, splices?: Splices): WorkerInput {
  const input = container.startsWith('mov') ? source.input : (source.inOrderInput ?? source.input);
  return splices ? { ...input, splices } : input;
}

function isMediaError(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'NOT_MEDIA' || error.code === 'MEDIA_FAILED');
}

async function isMp4(source: Source, signal: AbortSignal): Promise<boolean> {
  return (await readContainerIndex(readerOf(source, false, signal)))?.container === 'mp4';
}

interface Subject {
  source: Source;
  run: RunJob;
  /** True: no read waits for what comes before. */
  isWhole: boolean;
  /** Whether it can be read to its end in reasonable time. */
  isMeasurable: Promise<boolean>;
}

async function probeOnce(subject: Subject, signal: AbortSignal): Promise<MediaFacts> {
  const { source, isWhole } = subject;
  const reader = readerOf(source, isWhole, signal);
  const indexing = readContainerIndex(reader);
  const heads = indexing.then((read) => headsToVerify(read?.video, source));
  // Awaited where they are needed: what is wrong with the film is said before they have come.
  heads.catch(() => {});
  const [described, index] = await Promise.allSettled([describe(subject, indexing, signal), indexing]);
  // What is wrong with the source itself says more than what a worker could not make of it.
  if (index.status === 'rejected') throw index.reason;
  if (described.status === 'rejected') throw await explained(described.reason, reader);
  const tracks = chooseTracks(described.value, index.value);
  const description = isWhole ? tracks : asStated(tracks);
  // The index speaks of the track that is played, or of nothing.
  const isIndexed = index.value?.video?.streamIndex === description.video?.streamIndex;
  const own = index.value && (isIndexed ? index.value : { ...index.value, video: undefined });
  return assemble(await withScan({ ...subject, description, index: own, heads }, signal), signal);
}

/** A live stream may send so little that its tracks show after minutes only: it is given up before. @throws AppError UNSUPPORTED_MEDIA */
async function describe(
  { source, run, isWhole }: Subject,
  indexing: Promise<ContainerIndex | undefined>,
  signal: AbortSignal,
): Promise<SourceTracks> {
  const input = isWhole ? source.input : (source.inOrderInput ?? source.input);
  if (isWhole || source.sizeBytes !== undefined) return run({ kind: 'describe', input }, signal);
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
  return new AppError('NOT_MEDIA', 'The file is incomplete: its end is missing, and with it the index.', {
    cause: error,
  });
}

interface Findings extends Subject {
  description: MediaDescription;
  index: ContainerIndex | undefined;
  /** First bytes of keyframes to be verified, by keyframe. */
  heads: Promise<ReadonlyMap<number, Uint8Array>>;
  scan?: ScanResult | undefined;
}

async function withScan(findings: Findings, signal: AbortSignal): Promise<Findings> {
  const { source, description, index } = findings;
  if (!description.video && !description.audio.length)
    throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound.');
  assertReasonable(description);
  const isKnown = description.video ? index?.video !== undefined : index?.durationSeconds !== undefined;
  const isDear = source.input.kind !== 'file' && (source.sizeBytes ?? Infinity) > MAX_REMOTE_SCAN_BYTES;
  const canDoWithout = (index?.durationSeconds ?? description.durationSeconds) !== undefined;
  if (isKnown || ((isDear || !findings.isWhole) && canDoWithout)) return findings;
  if (!(await findings.isMeasurable)) throw unmeasurable(source);
  const [first, ...others] = [...(description.video ? [description.video] : []), ...description.audio].map(
    ({ streamIndex }) => streamIndex,
  );
  if (first === undefined) return findings;
  const input = inputFor(source, description.container);
  const scan = await findings.run({ kind: 'scan', input, streamIndex: first, otherStreams: others }, signal);
  return { ...findings, scan };
}

/** What would take the whole machine, and no film is. @throws AppError UNSUPPORTED_MEDIA */
function assertReasonable({ video, audio, subtitles }: MediaDescription): void {
  const tracks = audio.length + subtitles.length;
  if (tracks > MAX_TRACKS) throw new AppError('UNSUPPORTED_MEDIA', `The source has ${tracks} tracks.`);
  if (video && video.width * video.height > MAX_PIXELS)
    throw new AppError('UNSUPPORTED_MEDIA', `The picture has ${video.width} x ${video.height} pixels.`);
}

function unmeasurable(source: Source): AppError {
  return source.sizeBytes === undefined
    ? new AppError(
        'UNSUPPORTED_MEDIA',
        'The server does not say how long this is, and it cannot be measured: it may be a live stream.',
      )
    : new AppError(
        'UNSUPPORTED_MEDIA',
        'The film does not say how long it is, and the server only sends it from its start: it would have to be loaded to its end first.',
      );
}

async function assemble(findings: Findings, signal: AbortSignal): Promise<MediaFacts> {
  const { index } = findings;
  const scan = findings.scan ?? (await scanTail(findings, signal));
  const description = withoutContinuations(findings.description, findings.scan?.splices);
  const chapters = index?.chapters ?? [];
  if (!description.video) return withoutVideo(description, chapters, findings);
  const video = { ...description.video, frameRate: seenRate(description.video, findings.scan?.stepTicks) };
  const keyframes = usableKeyframes(index?.video?.keyframes ?? scan?.keyframes ?? []);
  const startTicks = index?.video?.startTicks ?? findings.scan?.startTicks ?? keyframes[0] ?? video.startTicks;
  const audio = startsOfAudio(description, findings.scan);
  const origin = presentationOrigin({ ...video, ticks: startTicks }, audio.map(startSeconds));
  const videoSeconds = videoEnd({ ...findings, scan }, video, origin);
  const input = inputFor(findings.source, description.container, findings.scan?.splices);
  const verdict = await verifyKeyframes({ ...findings, input, video, keyframes }, signal);
  const hasChanges = verdict.hasChanges || (index?.video?.hasChanges ?? scan?.hasChanges ?? false);
  return playable({
    description: { ...description, video, audio },
    chapters: shifted(chapters, origin),
    origin,
    durationSeconds: Math.max(videoSeconds, lastEnd({ ...findings, scan }, origin)),
    videoStartSeconds: secondsOf(startTicks, video.timeBase) - secondsOf(origin.ticks, origin.timeBase),
    videoSeconds,
    table: keyframes.length
      ? {
          keyframes,
          frameGrid: gridOf({ video, keyframes, index, origin }),
          positions: positionsOf({ index, scan: findings.scan, keyframes }),
          startsClean: verdict.areStarts,
          isEdited: index?.video?.isEdited ?? findings.scan?.hasHidden ?? false,
          hasChanges,
          hasUntimed: scan?.hasUntimed ?? false,
        }
      : undefined,
    splices: scan?.splices,
  });
}

/** For all keyframes of the table, or not at all. */
function positionsOf({
  index,
  scan,
  keyframes,
}: Pick<Findings, 'index' | 'scan'> & { keyframes: number[] }): BytePositions | undefined {
  const ofScan = scan && { atKeyframes: scan.keyframeBytes, ofAllTracks: false };
  const positions = index?.video ? index.video.positions : ofScan;
  return positions?.atKeyframes.length === keyframes.length + 1 ? positions : undefined;
}

/** What only goes on with another track is no track of its own. */
function withoutContinuations(description: MediaDescription, splices: Splices | undefined): MediaDescription {
  const continued = new Set(splices?.continuations.map(([number]) => number));
  const isOwn = ({ streamIndex }: { streamIndex: number }) => !continued.has(streamIndex);
  return { ...description, audio: description.audio.filter(isOwn), subtitles: description.subtitles.filter(isOwn) };
}

/** Something of it must be. @throws AppError UNSUPPORTED_MEDIA */
function playable(facts: MediaFacts): MediaFacts {
  if (!(facts.durationSeconds <= MAX_SECONDS))
    throw new AppError(
      'UNSUPPORTED_MEDIA',
      `The source says that it lasts ${Math.round(facts.durationSeconds / 3600)} hours.`,
    );
  const why = whyNothingPlays(facts);
  if (why !== undefined) throw new AppError('UNSUPPORTED_MEDIA', why);
  return facts;
}

function withoutVideo(description: MediaDescription, chapters: Chapter[], findings: Findings): MediaFacts {
  const track = description.audio[0];
  if (!track) throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound.');
  const origin = { ticks: Math.max(track.startTicks, 0), timeBase: track.timeBase };
  const scanned = findings.scan && secondsOf(findings.scan.endTicks - origin.ticks, track.timeBase);
  const durationSeconds = scanned ?? containerEnd(findings, origin) ?? 0;
  if (durationSeconds <= 0) throw new AppError('NOT_MEDIA', 'The source holds no sound that can be played.');
  return playable({
    description,
    chapters: shifted(chapters, origin),
    origin,
    durationSeconds,
    videoStartSeconds: undefined,
    videoSeconds: undefined,
    table: undefined,
    splices: findings.scan?.splices,
  });
}

function videoEnd(findings: Findings, video: VideoTrack, origin: Origin): number {
  const endTicks = findings.scan?.endTicks ?? findings.index?.video?.endTicks;
  const start = secondsOf(origin.ticks, origin.timeBase);
  const measured = endTicks === undefined ? 0 : secondsOf(endTicks, video.timeBase) - start;
  if (measured > 0) return measured;
  const end = containerEnd(findings, origin);
  if (end === undefined || end <= 0)
    throw new AppError('NOT_MEDIA', 'The source does not say how long it is, and it cannot be measured.');
  return end;
}

/** The audio tracks with the starts that a scan saw: the first packets of a source may lie far from those of a late track. */
function startsOfAudio(description: MediaDescription, scan: ScanResult | undefined): AudioTrack[] {
  return description.audio.map((track) => ({
    ...track,
    startTicks: scan?.starts.get(track.streamIndex) ?? track.startTicks,
  }));
}

function startSeconds({ startTicks, heardTicks = startTicks, timeBase }: AudioTrack): number {
  return secondsOf(Math.max(startTicks, heardTicks), timeBase);
}

/** Where the last track ends: as measured, or as each audio track states, or as the container does unless the file is cut short. */
function lastEnd(findings: Findings, origin: Origin): number {
  const { scan, index, description } = findings;
  const start = secondsOf(origin.ticks, origin.timeBase);
  if (scan) return scan.endSeconds - start;
  if (index?.video?.isCutShort) return 0;
  const ends = description.audio.flatMap(({ streamIndex, endTicks, timeBase }) => {
    const end = index?.ends?.get(streamIndex) ?? (endTicks === undefined ? undefined : secondsOf(endTicks, timeBase));
    return end === undefined ? [] : [end - start];
  });
  // Matroska's are those of the whole file.
  const areOwn = index?.container === 'mp4' && ends.length === description.audio.length;
  return areOwn ? Math.max(0, ...ends) : (containerEnd(findings, origin) ?? 0);
}

/**
 * A Matroska film states one end for all of its tracks, and that may be a stray subtitle's. Where it lies far behind the picture, what
 * comes after the last keyframe is read.
 */
async function scanTail(findings: Findings, signal: AbortSignal): Promise<ScanResult | undefined> {
  const { source, description, index, isWhole } = findings;
  const { video, audio, subtitles } = description;
  // Where bytes only come in order, the end is as far away as the whole.
  if (!isWhole) return undefined;
  const fromTicks = index?.video?.keyframes.at(-1);
  if (!video || !subtitles.length || index?.container !== 'matroska' || fromTicks === undefined) return undefined;
  const { endTicks } = index.video ?? {};
  const pictureSeconds = secondsOf(endTicks ?? fromTicks, video.timeBase);
  const doubt = (index.durationSeconds ?? 0) - pictureSeconds;
  if (doubt <= (endTicks === undefined ? MAX_GROUP_SECONDS : SUBTITLE_TAIL_SECONDS)) return undefined;
  return findings.run(
    {
      kind: 'scan',
      input: inputFor(source, description.container),
      streamIndex: video.streamIndex,
      otherStreams: audio.map(({ streamIndex }) => streamIndex),
      fromTicks,
    },
    signal,
  );
}

/** The stated duration counts from timestamp zero, unless the last keyframe lies beyond it: then it counts from the first picture. */
function containerEnd({ index, description }: Findings, origin: Origin): number | undefined {
  const stated = index?.durationSeconds ?? description.durationSeconds;
  if (stated === undefined) return undefined;
  const start = secondsOf(origin.ticks, origin.timeBase);
  const last = index?.video?.keyframes.at(-1);
  const isRelative =
    !index || index.container === 'mpegts' || (last !== undefined && secondsOf(last, origin.timeBase) > stated);
  return isRelative ? stated : stated - start;
}

/** Matroska rounds to milliseconds: when every keyframe lies on the stated rate's grid, that grid is the truth. */
function gridOf(given: {
  video: VideoTrack;
  keyframes: number[];
  index: ContainerIndex | undefined;
  origin: Origin;
}): Rational | undefined {
  const { video, keyframes, index, origin } = given;
  if (index?.video?.isExact) return undefined;
  const rate = index?.video?.frameRate ?? video.frameRate;
  const isOnGrid = keyframes.every((ticks) => {
    const time = secondsOf(ticks - origin.ticks, video.timeBase);
    return Math.abs((Math.round((time * rate.num) / rate.den) * rate.den) / rate.num - time) <= GRID_TOLERANCE_SECONDS;
  });
  return isOnGrid ? rate : undefined;
}

function shifted(chapters: Chapter[], origin: Origin): Chapter[] {
  const start = secondsOf(origin.ticks, origin.timeBase);
  return chapters.map((chapter) => ({
    ...chapter,
    startSeconds: Math.max(0, chapter.startSeconds - start),
    endSeconds: Math.max(0, chapter.endSeconds - start),
  }));
}
