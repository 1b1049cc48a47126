// An item for a cast device: the URLs that the device fetches, and the start position.

export interface CastSubtitle {
  /** Ordinal among the subtitle tracks of the session. */
  index: number;
  url: string;
  /** RFC 5646 tag; may be `und`. */
  language: string;
  name: string;
}

export interface CastItem {
  /** URL of the playlist, which the device fetches first. */
  url: string;
  contentType: string;
  /** Container of the segments, for devices that must be told; undefined: unknown. */
  segmentFormat: 'ts' | 'fmp4' | undefined;
  title: string;
  /** 0: unknown. */
  durationSeconds: number;
  startSeconds: number;
  /** WebVTT files. */
  subtitles: CastSubtitle[];
  /** `index` of the subtitle that is shown from the start. */
  activeSubtitle: number | undefined;
  /** Id of the session that the item comes from. */
  sessionId: string;
  /** Called once, when the device no longer needs the item. */
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

/** Track ids start at 1. */
export function trackId(subtitleIndex: number): number {
  return subtitleIndex + 1;
}
