// Converts decoded audio of any rate and layout to the rate and channels of a rendition.
import { avChannelLayoutDefault } from 'node-av/lib';
import type { Frame } from 'node-av/lib';
import { aacLayout, layoutName } from './channel-layouts.ts';
import { FilterChain } from '../codec/filter-chain.ts';

export interface AudioShape {
  sampleRate: number;
  channels: number;
}

/** Samples of every channel; `start` is the position of the first sample. */
export interface Chunk {
  start: number;
  planes: Float32Array[];
  /** Whether channels were added up: then peaks may exceed full scale. */
  isDownmix: boolean;
}

/**
 * Converts a run of frames that begins at sample `start` (of its own rate); frees the frames.
 * A change of the layout within the run begins a new chunk.
 */
export function mixed(frames: readonly Frame[], start: number, shape: AudioShape): Chunk[] {
  const chunks: Chunk[] = [];
  let position = start;
  for (let first = 0; first < frames.length;) {
    const key = layoutOf(frames[first]);
    let end = first + 1;
    while (end < frames.length && layoutOf(frames[end]) === key) end += 1;
    const part = frames.slice(first, end);
    const length = samplesOf(part);
    chunks.push(mixedUniform(part, position, shape));
    position += length;
    first = end;
  }
  for (const frame of frames) frame.free();
  return chunks;
}

function samplesOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, { nbSamples }) => sum + nbSamples, 0);
}

function mixedUniform(frames: readonly Frame[], position: number, shape: AudioShape): Chunk {
  const [head] = frames;
  if (!head) throw new TypeError('a run without frames');
  // The filters empty the frames.
  const rate = head.sampleRate;
  const isDownmix = head.channels > shape.channels;
  // The resampler has the phase of the timeline if it begins at a sample that exists at both rates.
  const step = rate / greatestCommonDivisor(rate, shape.sampleRate);
  const padding = ((position % step) + step) % step;
  using chain = new FilterChain('audio', sourceOf(head), filtersFor(head, shape, padding));
  const parts: Frame[] = [];
  let pts = 0;
  for (const frame of frames) {
    frame.pts = BigInt(pts);
    pts += frame.nbSamples;
    parts.push(...chain.filterAtOnce(frame));
  }
  parts.push(...chain.filterAtOnce(undefined));
  const start = Math.round(((position - padding) * shape.sampleRate) / rate);
  return { start, planes: joined(parts, shape.channels), isDownmix };
}

function filtersFor(head: Frame, { sampleRate, channels }: AudioShape, padding: number): string {
  // Without a stated rate, the delay would be counted at the output rate.
  const silence =
    padding > 0 ? `aformat=sample_fmts=fltp:sample_rates=${head.sampleRate},adelay=delays=${padding}S:all=1,` : '';
  const mix = maskOf(head) === 0n ? `pan=${channels}c|${plainMix(channels, head.channels)},` : '';
  const layout = layoutName(aacLayout(channels).mask);
  return `${silence}${mix}aformat=sample_fmts=fltp:sample_rates=${sampleRate}:channel_layouts=${layout}`;
}

/** For more channels than any layout has: the first channels are copied to the output one by one. */
function plainMix(channels: number, given: number): string {
  return Array.from({ length: channels }, (_, i) => `c${i}=c${Math.min(i, given - 1)}`).join('|');
}

function sourceOf(frame: Frame): string {
  const rate = frame.sampleRate;
  const mask = maskOf(frame);
  const channels = mask === 0n ? `channels=${frame.channels}` : `channel_layout=${layoutName(mask)}`;
  return `time_base=1/${rate}:sample_rate=${rate}:sample_fmt=${frame.format}:${channels}`;
}

function layoutOf(frame: Frame | undefined): string {
  return frame ? sourceOf(frame) : '';
}

/** The layout of the frame; if the source states none, the default for its number of channels; 0 if there is no default. */
function maskOf(frame: Frame): bigint {
  return frame.channelLayout.mask || avChannelLayoutDefault(frame.channels).mask;
}

function joined(frames: readonly Frame[], channels: number): Float32Array[] {
  const planes = Array.from({ length: channels }, () => new Float32Array(samplesOf(frames)));
  let at = 0;
  for (const frame of frames) {
    const data = frame.extendedData ?? frame.data ?? [];
    const bytes = frame.nbSamples * 4;
    for (const [channel, plane] of planes.entries()) {
      const from = data[channel];
      if (from) new Uint8Array(plane.buffer, at * 4, bytes).set(from.subarray(0, bytes));
    }
    at += frame.nbSamples;
    frame.free();
  }
  return planes;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
