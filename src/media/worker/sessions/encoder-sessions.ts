// What an encoder keeps between two segments of one rendition: its open demuxers and decoders. One job of a rendition at a time; the sessions
// of renditions that had no job for a while are closed, for shared workers encode the audio of many.
import { openProbed } from './demuxers.ts';
import { interrupting } from '../libav/demux/interrupting.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import { VideoFrameGrid } from '../libav/video/video-frame-grid.ts';
import { AudioSampleGrid } from '../libav/audio/audio-sample-grid.ts';
import type { EncodedAudio, EncodedVideo, Origin } from '../../model/rendition-track.ts';
import type { WorkerInput } from '../protocol/protocol.ts';
import { inputKey, readingOneFile } from '../libav/demux/same-file.ts';

interface Session {
  /** What it reads. */
  inputKey: string | undefined;
  pictures: VideoFrameGrid | undefined;
  sound: AudioSampleGrid | undefined;
  /** All that were opened for it; closed by the grids. */
  demuxers: Set<Demuxer>;
  /** Of the job at work. */
  signal: AbortSignal;
  /** The end of the line of jobs. */
  tail: Promise<unknown>;
  /** Jobs that run or wait. */
  jobs: number;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Sessions without a job that are kept for the next one. */
const MAX_IDLE = 4;
const MAX_IDLE_MS = 60_000;

export interface SessionPlace {
  key: string;
  input: WorkerInput;
  origin: Origin;
}

export class EncoderSessions implements AsyncDisposable {
  readonly #sessions = new Map<string, Session>();

  /**
   * Runs `work` after all earlier work of the same key. A failure ends the session: the next job starts a clean one.
   * After an abort, what waits for a remote source ends at once.
   * @throws AppError SOURCE_CHANGED when the file was another one after the work; the signal's reason
   */
  async run<T>({ key, input }: SessionPlace, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
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

  async pictures(place: SessionPlace, track: EncodedVideo): Promise<VideoFrameGrid> {
    const session = this.#session(place.key);
    session.pictures ??= new VideoFrameGrid(await open(session, place.input), track, place.origin);
    return session.pictures;
  }

  async sound(place: SessionPlace, track: EncodedAudio): Promise<AudioSampleGrid> {
    const session = this.#session(place.key);
    session.sound ??= await AudioSampleGrid.open(track, {
      origin: place.origin,
      open: () => open(session, place.input),
    });
    return session.sound;
  }

  #session(key: string): Session {
    const session = this.#sessions.get(key);
    if (!session) throw new TypeError('a session is used outside of its run');
    return session;
  }

  /** Ends a session once its last job is done. */
  async release(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    if (!session) return;
    this.#sessions.delete(key);
    clearTimeout(session.idleTimer);
    await session.tail;
    await this.#close(session);
  }

  async #close(session: Session): Promise<void> {
    const { pictures, sound } = session;
    session.pictures = undefined;
    session.sound = undefined;
    session.demuxers.clear();
    await pictures?.[Symbol.asyncDispose]();
    await sound?.[Symbol.asyncDispose]();
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
  const empty = { inputKey: undefined, pictures: undefined, sound: undefined };
  return { ...empty, demuxers: new Set(), signal, tail: Promise.resolve(), jobs: 0, idleTimer: undefined };
}
