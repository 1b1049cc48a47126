// The sound that a player appended to its source buffers, decoded, with the media time of every beep.
import { beepsIn } from './beeps.js';

const RATE = 48000;
/** Fragments this close belong to one run. */
const JOIN_SECONDS = 0.001;
const START_SECONDS = 0.05;

/** Every append to an audio source buffer since the last `forget`: `{ bytes, offsetSeconds }`. */
let appended = [];

watchAppends();

export function forgetSound() {
  appended = [];
}

/**
 * Beeps of the appended fragments: `{ seconds, hertz }`, in media time.
 * The start of each run is left out: its decoder had nothing to overlap with, and a beep may be cut.
 */
export async function appendedBeeps() {
  const beeps = [];
  for (const run of runsOf(fragmentsOf(appended))) {
    const samples = await decoded(run);
    for (const { seconds, hertz } of beepsIn(samples)) {
      if (seconds > START_SECONDS) beeps.push({ seconds: run.startSeconds + seconds, hertz });
    }
  }
  return beeps;
}

function watchAppends() {
  const kinds = new WeakMap();
  const { addSourceBuffer } = MediaSource.prototype;
  MediaSource.prototype.addSourceBuffer = function (type) {
    const buffer = addSourceBuffer.call(this, type);
    kinds.set(buffer, type);
    return buffer;
  };
  const { appendBuffer } = SourceBuffer.prototype;
  SourceBuffer.prototype.appendBuffer = function (data) {
    if (kinds.get(this)?.startsWith('audio/') === true) {
      const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
      appended.push({ bytes: new Uint8Array(view.slice(0)), offsetSeconds: this.timestampOffset });
    }
    return appendBuffer.call(this, data);
  };
}

/** Whole fragments with the init section that held for them: `{ init, bytes, startSeconds, endSeconds }`. */
function fragmentsOf(appends) {
  const fragments = [];
  let init;
  let open;
  for (const { bytes, offsetSeconds } of appends) {
    for (const { type, box } of boxesIn(bytes)) {
      if (type === 'ftyp') init = { bytes: [box], timescale: 0 };
      if (type === 'moov') {
        init ??= { bytes: [], timescale: 0 };
        init.bytes.push(box);
        init.timescale = timescaleOf(box);
      }
      if (type === 'moof' && init !== undefined) {
        const { start, duration } = timesOf(box);
        const startSeconds = start / init.timescale + offsetSeconds;
        open = { init, bytes: [box], startSeconds, endSeconds: startSeconds + duration / init.timescale };
        fragments.push(open);
      }
      if (type === 'mdat') open?.bytes.push(box);
    }
  }
  return fragments;
}

function runsOf(fragments) {
  const runs = [];
  for (const fragment of fragments) {
    const last = runs.at(-1);
    const joins = last?.init === fragment.init && Math.abs(last.endSeconds - fragment.startSeconds) < JOIN_SECONDS;
    if (joins) {
      last.bytes.push(...fragment.bytes);
      last.endSeconds = fragment.endSeconds;
    } else {
      runs.push({ ...fragment, bytes: [...fragment.init.bytes, ...fragment.bytes] });
    }
  }
  return runs;
}

async function decoded({ bytes }) {
  const context = new OfflineAudioContext(1, 1, RATE);
  const sound = await context.decodeAudioData(await new Blob(bytes).arrayBuffer());
  return sound.getChannelData(0);
}

function* boxesIn(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = view.getUint32(at) || bytes.length - at;
    yield { type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), box: bytes.subarray(at, at + size) };
    at += size;
  }
}

/** The box at the end of a path of boxes below `box`; undefined when there is none. */
function below(box, ...path) {
  let found = box;
  for (const name of path) {
    found = [...boxesIn(found.subarray(8))].find(({ type }) => type === name)?.box;
    if (found === undefined) return undefined;
  }
  return found;
}

function viewOf(box) {
  return new DataView(box.buffer, box.byteOffset, box.byteLength);
}

function timescaleOf(moov) {
  const view = viewOf(below(moov, 'trak', 'mdia', 'mdhd'));
  return view.getUint32(view.getUint8(8) === 1 ? 28 : 20);
}

/** Start and length of a fragment in ticks; every sample has a length of its own or the default of the header. */
function timesOf(moof) {
  const decodeTime = viewOf(below(moof, 'traf', 'tfdt'));
  const start = decodeTime.getUint8(8) === 1 ? Number(decodeTime.getBigUint64(12)) : decodeTime.getUint32(12);
  const header = viewOf(below(moof, 'traf', 'tfhd'));
  const flags = header.getUint32(8) & 0xffffff;
  const skipped = 16 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  const usual = flags & 0x8 ? header.getUint32(skipped) : 0;
  const run = viewOf(below(moof, 'traf', 'trun'));
  const has = run.getUint32(8) & 0xffffff;
  const count = run.getUint32(12);
  const each = [0x100, 0x200, 0x400, 0x800].filter((flag) => has & flag).length * 4;
  let at = 16 + (has & 0x1 ? 4 : 0) + (has & 0x4 ? 4 : 0);
  let duration = 0;
  for (let sample = 0; sample < count; sample += 1) {
    duration += has & 0x100 ? run.getUint32(at) : usual;
    at += each;
  }
  return { start, duration };
}
