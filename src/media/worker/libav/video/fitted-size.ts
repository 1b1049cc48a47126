// Frames of another shape than the description of the track, in videos that change their size. They are fitted into the frame size, as players do.
import type { EncodedVideo } from '../../../model/rendition-track.ts';

interface Shape extends Size {
  sampleAspectRatio: { num: number; den: number };
}

export interface Size {
  width: number;
  height: number;
}

/** The size within the track's size that a frame of this shape is scaled to; bars fill the rest. */
export function fittedSize(track: EncodedVideo, shape: Shape): Size {
  const { num, den } = shape.sampleAspectRatio;
  const aspect = ((shape.width / shape.height) * (num || 1)) / (den || 1);
  const upright = track.rotationDegrees % 180 === 0 ? aspect : 1 / aspect;
  const width = even(Math.min(track.width, track.height * upright));
  const height = even(Math.min(track.height, track.width / upright));
  // A difference within the rounding to even sizes counts as a full frame.
  const isFull = track.width - width <= 2 && track.height - height <= 2;
  return isFull ? { width: track.width, height: track.height } : { width, height };
}

function even(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2));
}
