// The state of an encoder between two segments of one rendition: its open demuxers and decoders. One job of a rendition at a time. Sessions
// without a job are closed after a while, because shared workers encode the audio of many renditions.
import { openProbed } from './demuxers.ts';
import { interrupting } from '../libav/demux/interrupting.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import { VideoFrameGrid } from '../libav/video/video-frame-grid.ts';
import { AudioSampleGrid } from '../libav/audio/audio-sample-grid.ts';
import type { EncodedAudio, EncodedVideo, Origin } from '../../model/rendition-track.ts';
import type { WorkerInput } from '../protocol/protocol.ts';
import { inputKey, readingOneFile } from '../libav/demux/same-file.ts';

interface Session {
  /** The key of the source that the session reads. */
  inputKey: string | undefined;
  videoGrid: VideoFrameGrid | undefined;
  audioGrid: AudioSampleGrid | undefined;
  /** All open demuxers of the session; the grids close them. */
  demuxers: Set<Demuxer>;
  /** The signal of the running job. */
  signal: AbortSignal;
  /** Settles after the last queued job. */
  tail: Promise<unknown>;
  /** The number of running and queued jobs. */
  jobs: number;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Sessions without a job that stay open for the next one. */
const MAX_IDLE = 4;
const MAX_IDLE_MS = 60_000;

export interface SessionTarget {
  key: string;
  input: WorkerInput;
  origin: Origin;
}

export class EncoderSessions implements AsyncDisposable {
  readonly #sessions = new Map<string, Session>();

  /**
   * Runs `work` after all earlier work of the same key. A failure ends the session, and the next job starts a new one.
   * An abort ends reads of a remote source at once.
   * @throws AppError SOURCE_CHANGED when the file was another one after the work; the signal's reason
   */
  async run<T>({ key, input }: SessionTarget, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const session = this.#sessions.get(key) ?? newSession(signal);
    // The most recently used one is the last.
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    session.jobs += 1;
    clearTimeout(session.idleTimer);
    const result = session.tail.then(async () => {
      if (session.inputKey !== inputKey(input)) await this.#close(session);
      session.inputKey = inputKey(input);
      session.signal = signal;
      return readingOneFile(input, () => interrupting(session.demuxers, signal, work));
    });
    session.tail = result.catch(() => this.#close(session)).finally(() => this.#rest(key, session));
    return result;
  }

  #rest(key: string, session: Session): void {
    session.jobs -= 1;
    if (session.jobs > 0 || this.#sessions.get(key) !== session) return;
    session.idleTimer = setTimeout(() => void this.release(key), MAX_IDLE_MS).unref();
    const idle = [...this.#sessions].filter(([, { jobs }]) => jobs === 0);
    for (const [oldest] of idle.slice(0, Math.max(0, idle.length - MAX_IDLE))) void this.release(oldest);
  }

  async videoGrid(target: SessionTarget, track: EncodedVideo): Promise<VideoFrameGrid> {
    const session = this.#session(target.key);
    session.videoGrid ??= new VideoFrameGrid(await open(session, target.input), track, target.origin);
    return session.videoGrid;
  }

  async audioGrid(target: SessionTarget, track: EncodedAudio): Promise<AudioSampleGrid> {
    const session = this.#session(target.key);
    session.audioGrid ??= await AudioSampleGrid.open(track, {
      origin: target.origin,
      open: () => open(session, target.input),
    });
    return session.audioGrid;
  }

  #session(key: string): Session {
    const session = this.#sessions.get(key);
    if (!session) throw new TypeError('a session is used outside of its run');
    return session;
  }

  /** Ends a session after its last job. */
  async release(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    if (!session) return;
    this.#sessions.delete(key);
    clearTimeout(session.idleTimer);
    await session.tail;
    await this.#close(session);
  }

  async #close(session: Session): Promise<void> {
    const { videoGrid, audioGrid } = session;
    session.videoGrid = undefined;
    session.audioGrid = undefined;
    session.demuxers.clear();
    await videoGrid?.[Symbol.asyncDispose]();
    await audioGrid?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of this.#sessions.keys()) await this.release(key);
  }
}

async function open(session: Session, input: WorkerInput): Promise<Demuxer> {
  const demuxer = await openProbed(input, session.signal);
  session.demuxers.add(demuxer);
  return demuxer;
}

function newSession(signal: AbortSignal): Session {
  const empty = { inputKey: undefined, videoGrid: undefined, audioGrid: undefined };
  return { ...empty, demuxers: new Set(), signal, tail: Promise.resolve(), jobs: 0, idleTimer: undefined };
}
