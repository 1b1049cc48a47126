// What a test does to a player in the page: `player.load`, `player.seek`, ... on `window`. Times are media time in seconds.
import { readFrameNumber } from './frame-counter.js';

import { appendedBeeps, forgetSound } from './appended-sound.js';
import { hlsPlayer } from './hls-player.js';
import { shakaPlayer } from './shaka-player.js';
import { beepsIn } from './beeps.js';

const LIMIT_MS = 60_000;
const PICTURE_LIMIT_MS = 10_000;
/** A seek to the picture that is there already presents no other. */
const NEW_PICTURE_MS = 1000;
/** A picture this much before or after the time asked for can be the one that is due, or wrong; others are from before the seek. */
const LONGEST_FRAME_SECONDS = 2;
const NEAR_SECONDS = 0.5;
const CODE_HEIGHT = 0.2;
const RATE = 48000;

const video = document.querySelector('video');
const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext('2d', { willReadFrequently: true });

/** Every picture that was presented: `{ mediaTime, number }`; null where none can be read. */
let pictures = [];
/** How many there were since the page was opened. */
let presented = 0;
/** What should not have happened, in words. */
const faults = [];
let loaded;
let heard;

video.requestVideoFrameCallback(onPicture);
video.addEventListener('error', () => faults.push(`media error: ${video.error?.message}`));

window.player = {
  /** @param kind 'hls' or 'shaka' */
  async load(kind, url, config = {}) {
    forgetSound();
    pictures = [];
    await loaded?.close();
    loaded = await (kind === 'hls' ? hlsPlayer : shakaPlayer)({
      video,
      url,
      config,
      fault: (text) => faults.push(text),
    });
    await until(() => video.readyState >= 2 && !video.seeking, 'the first picture');
  },

  levelOf: (name) => loaded.levelOf(name),

  /** For tests of one player's own calls. */
  get engine() {
    return loaded.engine;
  },

  /** Routes the sound past us. Before the load: a change while something plays may stall it. */
  async listen() {
    heard = await openEar();
  },

  seek,
  play,
  playToEnd: (rate) => play({ seconds: Infinity, rate }),
  hear,
  appendedBeeps,
  forgetSound,
  facts,
  until: (condition, what) => until(condition, what),

  /** Reloads under another address, as the existing client does when it seeks outside of what is buffered. */
  async reload(url) {
    forgetSound();
    pictures = [];
    await loaded.reload(url);
    await until(
      () => video.readyState >= 2 && !video.seeking && pictures.length > 0,
      'the first picture after a reload',
    );
    await settled();
    return { at: video.currentTime, ...picture() };
  },

  /** The picture that is shown now. */
  async shown() {
    await until(() => video.readyState >= 2 && !video.seeking, 'a picture');
    await settled();
    return { at: video.currentTime, ...picture() };
  },
};

/** Seeks and waits for the picture. */
async function seek(seconds) {
  const seeked = new Promise((resolve) => {
    video.addEventListener('seeked', resolve, { once: true });
  });
  const before = presented;
  video.currentTime = seconds;
  await within(seeked, `seeking to ${seconds}`);
  const began = performance.now();
  let shown;
  let waitedMs;
  do {
    await settled();
    shown = picture();
    waitedMs = performance.now() - began;
  } while (
    (!isNear(shown, seconds) && waitedMs < PICTURE_LIMIT_MS) ||
    (presented === before && waitedMs < NEW_PICTURE_MS)
  );
  return { at: video.currentTime, ...shown };
}

function isNear({ mediaTime }, seconds) {
  return mediaTime !== null && mediaTime > seconds - LONGEST_FRAME_SECONDS && mediaTime < seconds + NEAR_SECONDS;
}

/** Plays for that many seconds of media, or to the end, and pauses. Gives the pictures shown meanwhile. */
async function play({ seconds, rate = 1 }) {
  pictures = [];
  const target = video.currentTime + seconds;
  video.playbackRate = rate;
  await video.play();
  await until(() => video.ended || video.currentTime >= target, `playing to ${target}`, LIMIT_MS * 2);
  video.pause();
  video.playbackRate = 1;
  await settled();
  return { pictures, ended: video.ended, at: video.currentTime };
}

/** Plays until that many beeps came out of the element; their pitches. Needs `listen` before the load. */
async function hear(count) {
  heard.chunks.length = 0;
  video.playbackRate = 1;
  await video.play();
  let beeps = [];
  await until(() => {
    beeps = beepsIn(joined(heard.chunks)).filter(({ hertz }) => hertz > 300);
    return beeps.length >= count || video.ended;
  }, `${count} beeps`);
  video.pause();
  if (beeps.length < count)
    throw new Error(`only ${beeps.length} of ${count} beeps were heard: ${JSON.stringify(facts())}`);
  return beeps.map(({ hertz }) => hertz);
}

async function openEar() {
  const audio = new AudioContext({ sampleRate: RATE });
  await audio.audioWorklet.addModule('/ear.js');
  const ear = new AudioWorkletNode(audio, 'ear', { channelCount: 1, channelCountMode: 'explicit' });
  const chunks = [];
  ear.port.addEventListener('message', ({ data }) => chunks.push(data));
  ear.port.start();
  audio.createMediaElementSource(video).connect(ear).connect(audio.destination);
  await audio.resume();
  return { chunks };
}

function joined(chunks) {
  const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    samples.set(chunk, at);
    at += chunk.length;
  }
  return samples;
}

function facts() {
  const { buffered } = video;
  return {
    currentTime: video.currentTime,
    duration: video.duration,
    ended: video.ended,
    paused: video.paused,
    readyState: video.readyState,
    buffered: Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]),
    faults,
    mediaError: video.error?.message ?? null,
    ...loaded?.facts(),
  };
}

function onPicture() {
  presented += 1;
  pictures.push(picture());
  video.requestVideoFrameCallback(onPicture);
}

/** The picture on the screen with the media time it carries: the callback's own may be that of another one on a busy machine. */
function picture() {
  if (video.readyState < 2) return { mediaTime: null, number: null };
  const frame = new VideoFrame(video);
  const { displayWidth: width, displayHeight: height, timestamp } = frame;
  const rows = Math.round(height * CODE_HEIGHT);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== rows) canvas.height = rows;
  context.drawImage(frame, 0, 0, width, height);
  frame.close();
  const { data } = context.getImageData(0, 0, width, rows);
  const grey = Uint8Array.from({ length: width * rows }, (_, i) => data[i * 4 + 1]);
  return { mediaTime: timestamp / 1e6, number: readFrameNumber(grey, width, rows / CODE_HEIGHT) ?? null };
}

/** Two turns of rendering: what was decoded is on the screen then. */
async function settled() {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
}

async function until(condition, what, limitMs = LIMIT_MS) {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}: ${JSON.stringify(facts())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function within(promise, what) {
  const limit = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`waited in vain for ${what}: ${JSON.stringify(facts())}`)), LIMIT_MS);
  });
  return Promise.race([promise, limit]);
}
