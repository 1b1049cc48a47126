// Names of segments in URLs. Clients cache segments for a year, so the name of a muxed segment states its audio track.
import type { SegmentFormat } from '../media/model/rendition-track.ts';

/** `segment-a1-00012.ts`: segment 12 with audio track 1. */
export function muxedSegmentName(audioIndex: number, number: number): string {
  return `segment-a${audioIndex}-${padded(number)}.ts`;
}

/** Also `segment00012.ts` and `segment12.ts`, which mean the session's current track. Undefined for any other name. */
export function parseMuxedSegmentName(name: string): { audioIndex: number | undefined; number: number } | undefined {
  const match = /^segment(?:-a(?<audio>\d{1,3})-)?(?<number>\d{1,7})\.ts$/u.exec(name);
  if (match?.groups === undefined) return undefined;
  const { audio, number } = match.groups;
  return { audioIndex: audio === undefined ? undefined : Number(audio), number: Number(number) };
}

/** Name of the rendition for cast devices with one audio track; `cast-0` for sources without audio. */
export function castRenditionName(audioIndex: number): string {
  return `cast-${audioIndex}`;
}

/** The audio track of a cast rendition; undefined for any other name. */
export function parseCastRenditionName(name: string): number | undefined {
  const audioIndex = /^cast-(0|[1-9]\d{0,2})$/u.exec(name)?.[1];
  return audioIndex === undefined ? undefined : Number(audioIndex);
}

/** `segment00012.m4s` (CMAF) or `segment00012.ts`. */
export function segmentName(format: SegmentFormat, number: number): string {
  return `segment${padded(number)}.${extension(format)}`;
}

export function parseSegmentName(format: SegmentFormat, name: string): number | undefined {
  const match = /^segment(\d{1,7})\.(m4s|ts)$/u.exec(name);
  return match !== null && match[2] === extension(format) ? Number(match[1]) : undefined;
}

function extension(format: SegmentFormat): string {
  return format === 'cmaf' ? 'm4s' : 'ts';
}

function padded(number: number): string {
  return String(number).padStart(5, '0');
}

/** The ordinal in `0.vtt`; undefined for any other name. */
export function parseSubtitleName(name: string): number | undefined {
  const ordinal = /^(?<ordinal>0|[1-9]\d{0,4})\.vtt$/u.exec(name)?.groups?.['ordinal'];
  return ordinal === undefined ? undefined : Number(ordinal);
}
