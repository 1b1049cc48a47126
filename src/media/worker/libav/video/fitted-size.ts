// Pictures of another shape than the track is described with: videos that change their size on the way. They are fitted into the picture, as players do.
import type { EncodedVideo } from '../../../model/rendition-track.ts';

interface Shape extends Size {
  sampleAspectRatio: { num: number; den: number };
}

export interface Size {
  width: number;
  height: number;
}

/** The size within the track's that a picture of that shape is scaled to; the rest is bars. */
export function fittedSize(track: EncodedVideo, shape: Shape): Size {
  const { num, den } = shape.sampleAspectRatio;
  const aspect = ((shape.width / shape.height) * (num || 1)) / (den || 1);
  const upright = track.rotationDegrees % 180 === 0 ? aspect : 1 / aspect;
  const width = even(Math.min(track.width, track.height * upright));
  const height = even(Math.min(track.height, track.width / upright));
  // Within the rounding of an even size the picture fills the box.
  const isFull = track.width - width <= 2 && track.height - height <= 2;
  return isFull ? { width: track.width, height: track.height } : { width, height };
}

function even(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2));
}
