// Pictures of another shape than the track is described with: videos that change their size on the way. They are fitted into the picture, as players do.
import type { EncodedVideo } from '../protocol.ts';

interface Shape {
  width: number;
  height: number;
  sampleAspectRatio: { num: number; den: number };
}

/** Filters that bring an upright-to-be picture of that shape into the track's size: with bars where the aspect ratios differ. */
export function fittingFilters(track: EncodedVideo, shape: Shape): string[] {
  const box = { width: track.width, height: track.height };
  const fitted = fittedSize(track, shape);
  const scale = `scale=${fitted.width}:${fitted.height}:flags=bicubic`;
  if (fitted.width === box.width && fitted.height === box.height) return [scale];
  return [scale, `pad=${box.width}:${box.height}:(ow-iw)/2:(oh-ih)/2`];
}

function fittedSize(track: EncodedVideo, shape: Shape): { width: number; height: number } {
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
