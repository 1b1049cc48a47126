// One clip as two servers serve it. The fetched bytes are kept for all checks of the test file.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIPS, type ClipName } from '../clips/catalogue.ts';
import type { AudioFacts, PlayingClip, VideoFacts } from '../clips/clip-facts.ts';
import { clip } from '../clips/clips.ts';
import { decodedHashes } from './judge.ts';
import type { MultivariantPlaylist } from './playlist.ts';
import {
  fetchRendition,
  fetchSample,
  multivariantOf,
  openSession,
  type Sample,
  type Served,
  type Session,
} from '../viewers/viewer.ts';

/** Share of the segments of a slow encode that the second server makes. */
const ENCODED_SHARE = 1 / 6;

/** Clips with more frames have their encodes checked in samples, except the clips listed below. */
const SAMPLED_FRAMES = 870;
const WHOLLY_ENCODED: readonly ClipName[] = ['vfr'];

/** AAC with at most this many channels is copied; other audio is encoded. */
const MAX_COPIED_CHANNELS = 6;

/** The same rendition from both servers. */
export interface Twice {
  first: Served;
  second: Sample;
}

export class ExactClip implements AsyncDisposable {
  readonly name: ClipName;
  readonly facts: PlayingClip;
  readonly path: string;
  readonly directory: string;
  readonly sessions: readonly [Session, Session];
  readonly multivariant: MultivariantPlaylist;
  readonly #fetched = new Map<string, Promise<Twice>>();
  #sourceHashes: Promise<string[]> | undefined;

  private constructor(parts: Pick<ExactClip, 'name' | 'facts' | 'path' | 'directory' | 'sessions' | 'multivariant'>) {
    this.name = parts.name;
    this.facts = parts.facts;
    this.path = parts.path;
    this.directory = parts.directory;
    this.sessions = parts.sessions;
    this.multivariant = parts.multivariant;
  }

  static async open(name: ClipName, serverUrls: readonly [string, string]): Promise<ExactClip> {
    const facts = CLIPS[name];
    assert.ok(facts.verdict === 'plays');
    const path = await clip(name);
    const [first, second] = serverUrls;
    const sessions = [await openSession(first, path), await openSession(second, path)] as const;
    const multivariant = await multivariantOf(sessions[0]);
    const directory = await mkdtemp(join(tmpdir(), 'raffi-exact-'));
    return new ExactClip({ name, facts, path, directory, sessions, multivariant });
  }

  /** Names of the variants with video, as in their URIs. */
  get videoNames(): string[] {
    return this.multivariant.variants.filter((each) => each['RESOLUTION'] !== undefined).map(renditionName);
  }

  get audioNames(): string[] {
    return this.facts.audio.map((_, index) => `audio-${index}`);
  }

  /** All segments of `original`, `360p`, `audio-0`, ...: from each server in a random order of its own. */
  rendition(name: string): Promise<Twice> {
    const audio = this.facts.audio[Number(/^audio-(\d+)$/u.exec(name)?.[1] ?? -1)];
    const copied = name === 'original' || (audio !== undefined && isSoundCopied(audio));
    return this.#twice(`${name}/playlist.m3u8`, copied ? 1 : ENCODED_SHARE);
  }

  /** True for a long clip that differs from another one by its container only: some segments of its encoded variant are checked. */
  get isSampled(): boolean {
    return (this.facts.video?.frameNumbers.length ?? 0) > SAMPLED_FRAMES && !WHOLLY_ENCODED.includes(this.name);
  }

  /** The last, first and middle segment of an encoded variant from the first server, and the middle one from the second. */
  async sample(name: string): Promise<readonly [Sample, Sample]> {
    const [first, second] = this.sessions;
    const middle = (count: number): number => Math.floor(count / 2);
    const choose = (count: number): number[] => [count - 1, 0, middle(count)];
    const playlist = `${name}/playlist.m3u8`;
    return [
      await fetchSample(`${first.url}/${playlist}`, { seed: 0, width: 1, choose }),
      await fetchSample(`${second.url}/${playlist}`, { seed: 0, choose: (count) => [middle(count)] }),
    ];
  }

  /** The MPEG-TS route. */
  muxed(): Promise<Twice> {
    const { video, audio } = this.facts;
    const copied = (video === undefined || isCopied(video, 'mpegts')) && audio.every(isSoundCopied);
    return this.#twice('stream/child.m3u8', copied ? 1 : ENCODED_SHARE);
  }

  #twice(uri: string, share: number): Promise<Twice> {
    const known = this.#fetched.get(uri) ?? this.#fetchTwice(uri, share);
    this.#fetched.set(uri, known);
    return known;
  }

  async #fetchTwice(uri: string, share: number): Promise<Twice> {
    const [first, second] = this.sessions;
    const fetched = await fetchRendition(`${first.url}/${uri}`, { seed: 11 });
    return { first: fetched, second: await fetchSample(`${second.url}/${uri}`, { seed: 47, share }) };
  }

  /** Hashes of the source's frames, decoded by the same ffmpeg. */
  sourceHashes(): Promise<string[]> {
    this.#sourceHashes ??= decodedHashes(this.path, ['0:V:0']).then(({ hashes }) => hashes[0] ?? []);
    return this.#sourceHashes;
  }

  /** Init section and segments in one file, as a player appends them. */
  async fileOf(served: Served, fileName: string): Promise<string> {
    const path = join(this.directory, fileName);
    await writeFile(path, Buffer.concat([served.init, ...served.segments]));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

function renditionName(variant: Record<string, string>): string {
  return /\/([^/]+)\/playlist\.m3u8$/u.exec(variant['URI'] ?? '')?.[1] ?? '';
}

/** The number of the frame that is displayed at each tick of a constant frame rate. */
export function numbersOnGrid(video: VideoFacts): number[] {
  const numbers: number[] = [];
  for (const [index, number] of video.frameNumbers.entries()) {
    const next = video.frameNumbers[index + 1] ?? number + 1;
    for (let place = number; place < next; place += 1) numbers.push(number);
  }
  return numbers;
}

/** Whether the video is copied on this route. H.264 is cut at IDR pictures only: players fail at others. */
export function isCopied(
  { codec, copyable, bitDepth, openGop, rotationDegrees }: VideoFacts,
  route: 'cmaf' | 'mpegts',
): boolean {
  if (!copyable || rotationDegrees !== 0) return false;
  if (codec === 'h264') return !openGop && (bitDepth === 8 || route === 'cmaf');
  return route === 'cmaf';
}

function isSoundCopied({ codec, channels }: AudioFacts): boolean {
  return codec === 'aac' && channels <= MAX_COPIED_CHANNELS;
}
