// Checks that every served byte is exact: segments that join without gap, the source's frames, and audio in sync with them.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { beepsIn, silencesIn } from './beeps.ts';
import type { AudioFacts, PlayingClip, VideoFacts } from '../clips/clip-facts.ts';
import { samplesOf } from './decode.ts';
import { frameNumbersOf } from './frame-counter.ts';
import { parseInit, parseSegment, pictureNalType, type CmafSample, type CmafSegment } from './cmaf-boxes.ts';
import { isCopied, numbersOnGrid, type ExactClip, type Twice } from './exact-clip.ts';
import { decodedHashes, probeMessages } from './judge.ts';
import type { MediaPlaylist } from './playlist.ts';
import { beginsWithIdr, parseTransportStream, type TransportFrame } from './transport-stream.ts';
import type { Served } from '../viewers/viewer.ts';

/** One tick of the 90 kHz clock of MPEG-TS sources, and half a tick of our own clock. */
const CLOCK_SECONDS = 1.5 / 90_000;
const EXTINF_SECONDS = 0.001;
const AAC_SAMPLES = 1024;
/** Timestamp of the start of the presentation in MPEG-TS. */
const TRANSPORT_ZERO = 900_000;

function checkSame({ first, second }: Twice): void {
  assert.equal(second.playlist.text, first.playlist.text);
  assert.ok(second.init.equals(first.init), 'the init sections differ');
  const different = [...second.segments].flatMap(([number, bytes]) => {
    return first.segments[number]?.equals(bytes) === true ? [] : [number];
  });
  assert.deepEqual(different, [], 'segments that differ between two servers');
}

/** Checks EXTINF, TARGETDURATION and ENDLIST: the first playlist lists the whole duration. */
export function checkPlaylist(playlist: MediaPlaylist, expected: { seconds: number; frameSeconds: number }): void {
  assert.ok(playlist.hasEnd && playlist.isVod, 'a whole VOD playlist');
  const total = playlist.segments.reduce((sum, { seconds }) => sum + seconds, 0);
  assertNear([total, expected.seconds], expected.frameSeconds, 'the sum of EXTINF');
  for (const { seconds, uri } of playlist.segments) {
    assert.ok(seconds > 0, `EXTINF of ${uri}`);
    assert.ok(Math.round(seconds) <= playlist.targetDuration, `EXTINF ${seconds} over ${playlist.targetDuration}`);
  }
}

/** Leading pictures of an open GOP belong to the segment of their keyframe; only its packets state their number. */
const LEADING_PICTURES = 5;

/** Checks that segments join without gap or overlap, and last as long as EXTINF states to within `extinfSeconds`. Returns their samples. */
function checkFragments(
  served: Served,
  extinfSeconds = EXTINF_SECONDS,
): { timescale: number; segments: CmafSegment[]; samples: CmafSample[] } {
  const { timescale, mediaTime } = parseInit(served.init);
  const segments = served.segments.map(parseSegment);
  let expected = segments[0]?.decodeTime ?? 0;
  for (const [number, segment] of segments.entries()) {
    assert.equal(segment.sequenceNumber, number + 1);
    assert.equal(segment.decodeTime, expected, `decode time of segment ${number}`);
    assert.ok(segment.samples[0]?.isSync, `segment ${number} begins with a sync sample`);
    const stated = served.playlist.segments[number]?.seconds ?? 0;
    assertNear([stated, segment.duration / timescale], extinfSeconds, `EXTINF of segment ${number}`);
    expected += segment.duration;
  }
  const shown = (sample: CmafSample) => ({ ...sample, pts: sample.pts - mediaTime });
  return { timescale, segments, samples: segments.flatMap(({ samples }) => samples.map(shown)) };
}

function mediaTimeOf({ init }: Served): number {
  return parseInit(init).mediaTime;
}

export async function checkVideoRendition(exact: ExactClip, name: string): Promise<void> {
  const { video, damaged } = videoFacts(exact);
  if (name !== 'original' && exact.isSampled) return checkVideoSample(exact, name);
  const twice = await exact.rendition(name);
  checkSame(twice);
  const isOriginal = name === 'original';
  const leadingSeconds = isOriginal && video.openGop ? LEADING_PICTURES * frameSeconds(exact.facts) : 0;
  const { timescale, segments, samples } = checkFragments(twice.first, EXTINF_SECONDS + leadingSeconds);
  assert.equal(segments[0]?.decodeTime, 0);
  assert.ok(
    samples.every(({ pts, decodeTime }) => pts + mediaTimeOf(twice.first) >= decodeTime),
    'no picture is shown before it is decoded',
  );
  if (!isOriginal || (video.codec === 'h264' && !video.openGop)) {
    for (const [number, segment] of segments.entries()) {
      assert.equal(
        pictureNalType(segment.samples[0]?.data ?? Buffer.alloc(0)),
        5,
        `segment ${number} begins with an IDR picture`,
      );
    }
  }
  if (damaged && isOriginal) return;
  const numbers = isOriginal ? video.frameNumbers : numbersOnGrid(video).map((_, index) => index);
  checkTimes(
    samples.map(({ pts }) => pts / timescale),
    numbers,
    video,
  );
  const file = await exact.fileOf(twice.first, `${name}.mp4`);
  if (isOriginal) await checkPictures(exact, { file, streams: ['0:v:0'] });
  else await checkNumbers(file, video, damaged);
}

/** Checks some segments alone: their position on the frame grid, and their frames. */
async function checkVideoSample(exact: ExactClip, name: string): Promise<void> {
  const { video, damaged } = videoFacts(exact);
  const [first, second] = await exact.sample(name);
  assert.ok(second.init.equals(first.init), 'the init sections differ');
  for (const [number, bytes] of second.segments) {
    assert.ok(first.segments.get(number)?.equals(bytes), `segment ${number} differs between two servers`);
  }
  const { timescale, mediaTime } = parseInit(first.init);
  const { num, den } = video.frameRate;
  const grid = numbersOnGrid(video);
  for (const [number, bytes] of first.segments) {
    const { decodeTime, duration, samples, sequenceNumber } = parseSegment(bytes);
    const before = first.playlist.segments.slice(0, number).reduce((sum, { seconds }) => sum + seconds, 0);
    const start = Math.round((before * num) / den);
    assert.equal(sequenceNumber, number + 1);
    assertNear([decodeTime / timescale, (start * den) / num], CLOCK_SECONDS, `decode time of segment ${number}`);
    const stated = first.playlist.segments[number]?.seconds ?? 0;
    assertNear([stated, duration / timescale], EXTINF_SECONDS, `EXTINF of segment ${number}`);
    assert.equal(
      pictureNalType(samples[0]?.data ?? Buffer.alloc(0)),
      5,
      `segment ${number} begins with an IDR picture`,
    );
    const places = samples.map((_, index) => start + index);
    checkTimes(
      samples.map(({ pts }) => (pts - mediaTime) / timescale),
      places,
      video,
    );
    const file = await exact.fileOf({ ...first, segments: [bytes] }, `${name}-${number}.mp4`);
    const shown = await frameNumbersOf(file);
    assert.equal(shown.length, places.length);
    if (!damaged) assert.deepEqual(shown, grid.slice(start, start + places.length), `pictures of segment ${number}`);
  }
}

/** The presentation times, in any order, must be exactly those of the frames. */
function checkTimes(seconds: readonly number[], numbers: readonly number[], { frameRate }: VideoFacts): void {
  const shown = seconds.toSorted((a, b) => a - b);
  assert.equal(shown.length, numbers.length, 'frames');
  for (const [index, number] of numbers.entries()) {
    assertNear(
      [shown[index] ?? Infinity, (number * frameRate.den) / frameRate.num],
      CLOCK_SECONDS,
      `time of frame ${number}`,
    );
  }
}

/** Sampled clips are skipped: they are twins of others, and `checkForeignPlayer` compares their frames through the playlist. */
async function checkPictures(exact: ExactClip, served: { file: string; streams: string[] }): Promise<void> {
  if (exact.isSampled) return;
  const { hashes, messages } = await decodedHashes(served.file, served.streams);
  assert.deepEqual(messages, []);
  assert.deepEqual(hashes[0], await exact.sourceHashes());
}

async function checkNumbers(file: string, video: VideoFacts, damaged: boolean): Promise<void> {
  const shown = await frameNumbersOf(file);
  const expected = numbersOnGrid(video);
  if (damaged) assert.equal(shown.length, expected.length);
  else assert.deepEqual(shown, expected);
}

export async function checkAudioRendition(t: TestContext, exact: ExactClip, index: number): Promise<void> {
  const audio = audioFacts(exact, index);
  const name = `audio-${index}`;
  const twice = await exact.rendition(name);
  checkSame(twice);
  const { timescale, samples } = checkFragments(twice.first);
  assert.ok(
    samples.every(({ duration, isSync }) => duration === AAC_SAMPLES && isSync),
    'whole frames only',
  );
  assert.ok((samples[0]?.decodeTime ?? 0) < AAC_SAMPLES, 'the sound begins with the presentation');
  assert.equal(timescale, audio.sampleRate);
  if (exact.facts.damaged) return;
  const file = await exact.fileOf(twice.first, `${name}.mp4`);
  const { hashes, messages } = await decodedHashes(file, ['0:a:0']);
  assert.deepEqual(messages, []);
  assert.equal(hashes[0]?.length, samples.length, 'decoded frames of sound');
  await checkSound(t, exact.facts, { audio, file, originSeconds: 0 });
}

export async function checkMuxed(t: TestContext, exact: ExactClip): Promise<void> {
  const { facts } = exact;
  const { video } = facts;
  const twice = await exact.muxed();
  checkSame(twice);
  const { playlist, segments } = twice.first;
  const whole = parseTransportStream(Buffer.concat(segments));
  assert.deepEqual(whole.breaks, [], 'continuity counters');
  const parts = segments.map(parseTransportStream);
  // Players that add EXTINF to the first decode time must find every segment at its start.
  const starts = parts.map((part) => (part.video[0] ?? part.audio[0])?.dts ?? 0);
  for (const [number, { seconds }] of playlist.segments.entries()) {
    const next = starts[number + 1];
    if (next !== undefined)
      assertNear([(next - (starts[number] ?? 0)) / 90_000, seconds], EXTINF_SECONDS, `EXTINF of segment ${number}`);
  }
  const file = await exact.fileOf(twice.first, 'muxed.ts');
  if (video !== undefined) await checkMuxedVideo(exact, { file, video, parts: parts.map((part) => part.video) });
  else assert.equal(whole.video.length, 0);
  await checkMuxedAudio(t, exact, { file, frames: whole.audio });
  if (!facts.damaged) assert.deepEqual(await probeMessages(file), []);
}

async function checkMuxedVideo(
  exact: ExactClip,
  muxed: { file: string; video: VideoFacts; parts: TransportFrame[][] },
): Promise<void> {
  const { file, video, parts } = muxed;
  const { damaged } = exact.facts;
  const frames = parts.flat();
  for (const [number, part] of parts.entries())
    assert.ok(beginsWithIdr(part[0]), `segment ${number} begins with an IDR picture`);
  for (const [index, { pts, dts }] of frames.entries()) {
    assert.ok(dts <= pts && dts > (frames[index - 1]?.dts ?? -1), `decode time of frame ${index}`);
  }
  const copied = isCopied(video, 'mpegts');
  if (damaged && copied) return;
  const numbers = copied ? video.frameNumbers : numbersOnGrid(video).map((_, index) => index);
  checkTimes(
    frames.map(({ pts }) => (pts - TRANSPORT_ZERO) / 90_000),
    numbers,
    video,
  );
  if (copied) await checkPictures(exact, { file, streams: ['0:v:0'] });
  else await checkNumbers(file, video, damaged);
}

async function checkMuxedAudio(
  t: TestContext,
  exact: ExactClip,
  muxed: { file: string; frames: TransportFrame[] },
): Promise<void> {
  const { facts } = exact;
  const { file, frames } = muxed;
  const chosen = defaultAudio(facts);
  if (chosen === undefined) {
    assert.equal(frames.length, 0);
    return;
  }
  const audio = audioFacts(exact, chosen);
  const step = (AAC_SAMPLES * 90_000) / audio.sampleRate;
  for (const [index, { pts }] of frames.entries()) {
    const before = frames[index - 1];
    if (before !== undefined)
      assert.ok(Math.abs(pts - before.pts - step) < 1, `step to frame ${index} of the sound: ${pts - before.pts}`);
  }
  assert.equal(Math.round(((frames.at(-1)?.pts ?? 0) - (frames[0]?.pts ?? 0)) / step), frames.length - 1);
  assertNear([((frames[0]?.pts ?? 0) - TRANSPORT_ZERO) / 90_000, 0], step / 90_000, 'begin of the sound');
  const end = ((frames.at(-1)?.pts ?? 0) + step - TRANSPORT_ZERO) / 90_000;
  assertNear([end, facts.durationSeconds], frameSeconds(facts), 'end of the sound');
  if (facts.damaged) return;
  const { hashes, messages } = await decodedHashes(file, ['0:a:0']);
  assert.deepEqual(messages, []);
  assert.equal(hashes[0]?.length, frames.length, 'decoded frames of sound');
  await checkSound(t, facts, { audio, file, originSeconds: TRANSPORT_ZERO / 90_000 });
}

/** For audio alone: tolerance between the start of the presentation and the audio, to which encoders prepend up to a frame of silence. */
const SOUND_ALONE_SECONDS = 0.025;

/** Checks that every beep starts with its flash, due at n / rate for frame n, to within one frame. */
async function checkSound(
  t: TestContext,
  facts: PlayingClip,
  heard: { audio: AudioFacts; file: string; originSeconds: number },
): Promise<void> {
  const { audio, file, originSeconds } = heard;
  // Decoded from zero, then cut: ffmpeg miscounts an origin in a track of another rate.
  const samples = (await samplesOf(file)).subarray(originSeconds * 48_000);
  const beeps = beepsIn(samples);
  const tolerance = facts.video === undefined ? SOUND_ALONE_SECONDS : frameSeconds(facts);
  let worst = 0;
  let expected = 0;
  for (let time = audio.startSeconds; time < facts.durationSeconds - 0.05; time += facts.beepEverySeconds) {
    const beep = beeps[expected];
    expected += 1;
    const off = (beep?.seconds ?? Infinity) - time;
    if (Math.abs(off) > Math.abs(worst)) worst = off;
    assert.ok(Math.abs(off) <= tolerance, `beep ${expected} at ${beep?.seconds}, flash at ${time}`);
    // The first AAC frame overlaps with no frame before it, so it fades in.
    if (time > 0) assertNear([beep?.hertz ?? 0, audio.beepHertz], 20, 'pitch');
  }
  assert.ok(beeps.length - expected <= 1, `${beeps.length} beeps, not ${expected}`);
  const silences = silencesIn(samples).filter(
    ({ startSeconds, endSeconds }) =>
      startSeconds >= audio.startSeconds + 0.03 && endSeconds < facts.durationSeconds - 0.05,
  );
  assert.deepEqual(silences, [], 'silence where there is sound');
  t.diagnostic(`${expected} beeps, the worst ${(worst * 1000).toFixed(1)} ms from its flash`);
}

/** Checks the playlist with ffmpeg as player: no messages, every frame, and audio and video that start together. */
export async function checkForeignPlayer(exact: ExactClip, uri: 'stream.m3u8' | 'stream/child.m3u8'): Promise<void> {
  const { facts, sessions } = exact;
  const maps = [...(facts.video === undefined ? [] : ['0:v:0']), ...(facts.audio.length === 0 ? [] : ['0:a:0'])];
  const { hashes, firstSeconds, messages } = await decodedHashes(`${sessions[0].url}/${uri}`, maps);
  if (facts.damaged) return;
  assert.deepEqual(messages, []);
  const [picture = 0, sound = picture] = firstSeconds;
  assertNear([picture, sound], frameSeconds(facts), 'the first picture, and the first sound with it');
  const [pictures] = hashes;
  if (facts.video === undefined || pictures === undefined) return;
  const copied = isCopied(facts.video, uri === 'stream.m3u8' ? 'cmaf' : 'mpegts');
  if (copied) assert.deepEqual(pictures, await exact.sourceHashes());
  else assert.equal(pictures.length, numbersOnGrid(facts.video).length);
}

/** Duration of one video frame, or of one audio frame without video. */
export function frameSeconds({ video, audio }: PlayingClip): number {
  if (video !== undefined) return video.frameRate.den / video.frameRate.num;
  return AAC_SAMPLES / (audio[0]?.sampleRate ?? 48_000);
}

/** The audio track that a session starts with. */
function defaultAudio({ audio }: PlayingClip): number | undefined {
  const english = audio.findIndex(({ language }) => language === 'eng');
  return audio.length === 0 ? undefined : Math.max(english, 0);
}

function audioFacts({ facts }: ExactClip, index: number): AudioFacts {
  const audio = facts.audio[index];
  assert.ok(audio !== undefined);
  return audio;
}

function videoFacts({ facts }: ExactClip): { video: VideoFacts; damaged: boolean } {
  assert.ok(facts.video !== undefined);
  return { video: facts.video, damaged: facts.damaged };
}

function assertNear([actual, expected]: readonly [number, number], within: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= within + 1e-9, `${what}: ${actual} is not within ${within} of ${expected}`);
}
