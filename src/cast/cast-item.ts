// What is played on a device: addresses it can fetch, and where to begin.

export interface CastSubtitle {
  /** Its number in the session. */
  index: number;
  url: string;
  /** RFC 5646 tag; may be `und`. */
  language: string;
  name: string;
}

export interface CastItem {
  /** What the device fetches first: a playlist. */
  url: string;
  contentType: string;
  /** The container of the segments, where the device has to be told. */
  segmentFormat: 'ts' | 'fmp4' | undefined;
  title: string;
  /** 0: not known. */
  durationSeconds: number;
  startSeconds: number;
  /** WebVTT files. */
  subtitles: CastSubtitle[];
  /** `index` of the subtitle that is shown at first. */
  activeSubtitle: number | undefined;
  /** Which session this is. */
  sessionId: string;
  /** Called once, when the device needs it no more. */
  release(): void;
}

/** The `media` member of a LOAD request. */
export function mediaInformation(item: CastItem): Record<string, unknown> {
  const formats = { ts: 'mpeg2_ts', fmp4: 'fmp4' } as const;
  return {
    contentId: item.url,
    contentUrl: item.url,
    contentType: item.contentType,
    streamType: 'BUFFERED',
    ...(item.durationSeconds > 0 ? { duration: item.durationSeconds } : {}),
    ...(item.segmentFormat === undefined
      ? {}
      : { hlsSegmentFormat: item.segmentFormat, hlsVideoSegmentFormat: formats[item.segmentFormat] }),
    metadata: { type: 0, metadataType: 0, title: item.title },
    tracks: item.subtitles.map((subtitle) => ({
      trackId: trackId(subtitle.index),
      type: 'TEXT',
      subtype: 'SUBTITLES',
      trackContentId: subtitle.url,
      trackContentType: 'text/vtt',
      language: subtitle.language,
      name: subtitle.name,
    })),
    textTrackStyle: {
      backgroundColor: '#00000000',
      foregroundColor: '#FFFFFFFF',
      edgeType: 'OUTLINE',
      edgeColor: '#000000FF',
      fontScale: 1,
    },
  };
}

/** Track ids begin at 1. */
export function trackId(subtitleIndex: number): number {
  return subtitleIndex + 1;
}
