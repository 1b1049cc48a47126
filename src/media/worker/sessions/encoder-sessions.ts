// The state of an encoder between two segments of one rendition: its open demuxers and decoders. One job of a rendition at a time. Sessions
// without a job are closed after a while, because shared workers encode the audio of many renditions.
import { randomUUID } from 'node:crypto';
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
  /** Whether a job uses it. */
  isBusy: boolean;
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
   * Runs `work` in the session of the key. While another job uses the session, the work runs in a session of its own: a job that waits for its
   * source delays no other. A failure ends the session, and the next job starts a new one. An abort ends reads of a remote source at once.
   * @throws AppError SOURCE_CHANGED when the file was another one after the work; the signal's reason
   */
  async run<T>(target: SessionTarget, work: (own: SessionTarget) => Promise<T>, signal: AbortSignal): Promise<T> {
    const session = this.#sessions.get(target.key) ?? newSession(signal);
    if (session.isBusy) return this.runAlone(target, work, signal);
    // The most recently used one is the last.
    this.#sessions.delete(target.key);
    this.#sessions.set(target.key, session);
    clearTimeout(session.idleTimer);
    try {
      return await this.#use(session, { target, work }, signal);
    } finally {
      this.#rest(target.key, session);
    }
  }

  /** Runs `work` in a session of its own, which is closed afterwards. @throws as `run` */
  async runAlone<T>(target: SessionTarget, work: (own: SessionTarget) => Promise<T>, signal: AbortSignal): Promise<T> {
    const own = { ...target, key: `${target.key} ${randomUUID()}` };
    const session = newSession(signal);
    this.#sessions.set(own.key, session);
    try {
      return await this.#use(session, { target: own, work }, signal);
    } finally {
      await this.#release(own.key);
    }
  }

  async #use<T>(
    session: Session,
    { target, work }: { target: SessionTarget; work: (own: SessionTarget) => Promise<T> },
    signal: AbortSignal,
  ): Promise<T> {
    session.isBusy = true;
    session.signal = signal;
    try {
      if (session.inputKey !== inputKey(target.input)) await this.#close(session);
      session.inputKey = inputKey(target.input);
      return await readingOneFile(target.input, () => interrupting(session.demuxers, signal, () => work(target)));
    } catch (error) {
      await this.#close(session);
      throw error;
    } finally {
      session.isBusy = false;
    }
  }

  #rest(key: string, session: Session): void {
    // The next job has begun already.
    if (session.isBusy) return;
    session.idleTimer = setTimeout(() => void this.#release(key), MAX_IDLE_MS).unref();
    const idle = [...this.#sessions].filter(([, { isBusy }]) => !isBusy);
    for (const [oldest] of idle.slice(0, Math.max(0, idle.length - MAX_IDLE))) void this.#release(oldest);
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

  /** Closes a session, unless a job uses it. */
  async #release(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    if (!session || session.isBusy) return;
    this.#sessions.delete(key);
    clearTimeout(session.idleTimer);
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
    for (const key of [...this.#sessions.keys()]) await this.#release(key);
  }
}

async function open(session: Session, input: WorkerInput): Promise<Demuxer> {
  const demuxer = await openProbed(input, session.signal);
  session.demuxers.add(demuxer);
  return demuxer;
}

function newSession(signal: AbortSignal): Session {
  const empty = { inputKey: undefined, videoGrid: undefined, audioGrid: undefined };
  return { ...empty, demuxers: new Set(), signal, isBusy: false, idleTimer: undefined };
}
