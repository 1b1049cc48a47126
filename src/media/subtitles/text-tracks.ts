// Which subtitle tracks are available as text, by their description.
import type { MediaDescription, SubtitleTrack } from '../model/description.ts';

const IMAGE_CODECS = new Map([
  ['hdmv_pgs_subtitle', 'PGS'],
  ['dvd_subtitle', 'VobSub'],
  ['dvb_subtitle', 'DVB'],
  ['xsub', 'XSUB'],
]);
const MATROSKA_TEXT = new Set(['subrip', 'srt', 'text', 'ass', 'ssa', 'webvtt']);
const MP4_TEXT = new Set(['mov_text', 'text']);

/** The sentence why the track is not available as text; undefined when it is. */
export function whyNoText(description: Pick<MediaDescription, 'container'>, track: SubtitleTrack): string | undefined {
  const format = IMAGE_CODECS.get(track.codec);
  if (format !== undefined) return `${format} subtitles are pictures, not text`;
  const { container } = description;
  if (container.startsWith('matroska') && MATROSKA_TEXT.has(track.codec)) return undefined;
  if (container.startsWith('mov') && MP4_TEXT.has(track.codec)) return undefined;
  return `Subtitles of type ${track.codec} in this container cannot be read as text`;
}
