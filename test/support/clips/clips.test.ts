// Checks every fact of the catalogue, every frame and every beep of the clips with ffprobe and ffmpeg.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { beepsIn, silencesIn } from '../judges/beeps.ts';
import { CLIPS, CLIP_NAMES, type ClipName } from './catalogue.ts';
import type { PlayingClip, VideoFacts } from './clip-facts.ts';
import { clip } from './clips.ts';
import { samplesOf } from '../judges/decode.ts';
import { frameNumbersOf } from '../judges/frame-counter.ts';
import { frameFieldsOf, packetsOf, probe, type Fields } from '../judges/probe.ts';

for (const name of CLIP_NAMES) {
  const facts = CLIPS[name];
  if (facts.verdict === 'refused') {
    test(`${name} is nothing ffprobe can open`, async () => {
      const path = await clip(name);
      await assert.rejects(probe(path), /Invalid data|moov atom not found|EBML header parsing failed/);
    });
    continue;
  }
  const { video, damaged } = facts;
  suite(name, () => {
    test('has the container, tracks and chapters of the catalogue', () => checkTracks(name, facts));
    if (damaged) return;
    if (facts.audio.length > 0) test('beeps when the catalogue says, without a gap', () => checkSound(name, facts));
    if (video === undefined) return;
    test('shows every frame once, in order', async () => {
      assert.deepEqual(await frameNumbersOf(await clip(name)), video.frameNumbers);
    });
    test('has its keyframes where the catalogue says', () => checkKeyframes(name, facts, video));
  });
}

async function checkTracks(name: ClipName, facts: PlayingClip): Promise<void> {
  const { format, streams, chapters } = await probe(await clip(name));
  assert.equal(format['format_name'], facts.container);
  const covers = streams.filter((stream) => stream['disposition:attached_pic'] === '1');
  assert.equal(covers.length, facts.coverArt ? 1 : 0);
  const video = streams.filter((stream) => stream['codec_type'] === 'video' && !covers.includes(stream));
  assert.deepEqual(video.map(videoShape), facts.video === undefined ? [] : [expectedShape(facts.video)]);
  assert.deepEqual(
    streams.filter((stream) => stream['codec_type'] === 'audio').map(audioShape),
    facts.audio.map(({ codec, language, channels, sampleRate }) => ({ codec, language, channels, sampleRate })),
  );
  assert.deepEqual(
    streams
      .filter((stream) => stream['codec_type'] === 'subtitle')
      .map(({ codec_name: codec, ...rest }) => ({ codec, language: languageOf(rest) })),
    facts.subtitles,
  );
  assert.deepEqual(chapters.map(chapterOf), facts.chapters);
  const main = video[0] ?? streams[0];
  assertNear(Number(main?.['start_time']), facts.startSeconds, 0.001);
  if (facts.durationStated) assertNear(lengthOf(facts, format), facts.durationSeconds, 0.06);
}

/** ffprobe's duration of Matroska is the end time; of other containers, end minus start. */
function lengthOf(facts: PlayingClip, format: Fields): number {
  const duration = Number(format['duration']);
  return facts.container === 'matroska,webm' ? duration - facts.startSeconds : duration;
}

function videoShape(stream: Fields): Fields {
  return {
    codec: stream['codec_name'] ?? '',
    size: `${stream['width']}x${stream['height']}`,
    frameRate: stream['r_frame_rate'] ?? '',
    bitDepth: stream['pix_fmt'] === 'yuv420p10le' ? '10' : '8',
    interlaced: String(stream['field_order'] === 'tt'),
    rotation: stream['rotation'] ?? '0',
  };
}

function expectedShape({ codec, width, height, frameRate, bitDepth, interlaced, rotationDegrees }: VideoFacts): Fields {
  return {
    codec,
    size: rotationDegrees === 0 ? `${width}x${height}` : `${height}x${width}`,
    frameRate: `${frameRate.num}/${frameRate.den}`,
    bitDepth: String(bitDepth),
    interlaced: String(interlaced),
    // ffprobe counts counterclockwise.
    rotation: String(0 - rotationDegrees),
  };
}

function audioShape(stream: Fields): Record<string, string | number | undefined> {
  return {
    codec: stream['codec_name'],
    language: languageOf(stream),
    channels: Number(stream['channels']),
    sampleRate: Number(stream['sample_rate']),
  };
}

function languageOf(stream: Fields): string {
  return stream['tag:language'] ?? 'und';
}

function chapterOf(chapter: Fields): PlayingClip['chapters'][number] {
  return {
    startSeconds: Number(chapter['start_time']),
    endSeconds: Number(chapter['end_time']),
    title: chapter['tag:title'] ?? '',
  };
}

async function checkSound(name: ClipName, facts: PlayingClip): Promise<void> {
  const { startSeconds: originSeconds, beepEverySeconds, durationSeconds } = facts;
  for (const [track, { beepHertz, startSeconds }] of facts.audio.entries()) {
    const samples = await samplesOf(await clip(name), { track, originSeconds });
    const beeps = beepsIn(samples);
    assert.equal(beeps.length, Math.ceil((durationSeconds - startSeconds) / beepEverySeconds - 0.001));
    for (const [index, beep] of beeps.entries()) {
      assertNear(beep.seconds, startSeconds + index * beepEverySeconds, 0.001);
      assertNear(beep.hertz, beepHertz, 20);
    }
    const silences = silencesIn(samples).filter(({ startSeconds: from }) => from >= startSeconds);
    assert.deepEqual(silences, [], `track ${track} is silent`);
  }
}

async function checkKeyframes(name: ClipName, { startSeconds }: PlayingClip, video: VideoFacts): Promise<void> {
  const path = await clip(name);
  const packets = await packetsOf(path, 'v:0');
  if (packets.some(({ pts }) => pts === undefined)) {
    // AVI states no presentation times, so the decoder gives the order.
    const frames = await frameFieldsOf(path, 'v:0', ['key_frame']);
    const shown = video.frameNumbers.filter((_, index) => frames[index]?.['key_frame'] === '1');
    assert.deepEqual(shown, video.keyframes);
    return;
  }
  const { num, den } = video.frameRate;
  const numbered = packets.map(({ ptsSeconds = 0, isKey }) => ({
    number: Math.round(((ptsSeconds - startSeconds) * num) / den),
    isKey,
  }));
  const keys = numbered.filter(({ isKey }) => isKey).map(({ number }) => number);
  assert.deepEqual(keys, video.keyframes);
  assert.equal(hasLeadingPictures(numbered), video.openGop);
}

/** Whether a packet after a keyframe in the file is shown before that keyframe. */
function hasLeadingPictures(packets: readonly { number: number; isKey: boolean }[]): boolean {
  let key = 0;
  return packets.some(({ number, isKey }) => {
    if (isKey) key = number;
    return number < key;
  });
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}
