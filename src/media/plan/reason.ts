// The reasons why a track is not copied, or not delivered.

export type ReasonCode =
  | 'video-codec'
  | 'video-format'
  | 'video-level'
  | 'video-interlaced'
  | 'video-no-presentation-times'
  | 'video-changes'
  | 'video-no-parameter-sets'
  | 'video-starts-late'
  | 'video-frame-rate'
  | 'video-rotated'
  | 'video-no-index'
  | 'video-edited'
  | 'video-keyframes-unusable'
  | 'video-keyframes-far'
  | 'video-undecodable'
  | 'audio-codec'
  | 'audio-profile'
  | 'audio-undecodable';

export interface Reason {
  code: ReasonCode;
  /** A clause without a full stop, for a person. */
  sentence: string;
}
