// The kinds of streams that a presentation is made of.
import {
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  AV_DISPOSITION_ATTACHED_PIC,
} from 'node-av/constants';
import type { Stream } from 'node-av/lib';

export type StreamKind = 'video' | 'audio' | 'subtitle' | 'other';

/** A cover picture is not video. (A query for the picture itself crashes node-av.) */
export function kindOf(stream: Stream): StreamKind {
  switch (stream.codecpar.codecType) {
    case AVMEDIA_TYPE_VIDEO:
      return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) === 0 ? 'video' : 'other';
    case AVMEDIA_TYPE_AUDIO:
      return 'audio';
    case AVMEDIA_TYPE_SUBTITLE:
      return 'subtitle';
    default:
      return 'other';
  }
}
