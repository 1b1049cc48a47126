// Measures combing, the artefact of two fields of different times in one frame: about 1 for woven fields, near 0 for deinterlaced frames.
import { framesOf } from './decode.ts';

/** One in this many frames is measured. */
const EVERY = 10;

/** Mean over all pixels of the amount by which a row differs from both rows next to it. */
export async function combingOf(source: string): Promise<number> {
  let [sum, pixels, number] = [0, 0, 0];
  for await (const { pixels: grey, width, height } of framesOf(source)) {
    number += 1;
    if (number % EVERY !== 0) continue;
    // The rows below the frame counter, which does not move.
    for (let y = Math.round(height * 0.25); y < height - 1; y += 1) {
      for (let x = 0; x < width; x += 3) {
        const at = y * width + x;
        const [above, here, below] = [grey[at - width] ?? 0, grey[at] ?? 0, grey[at + width] ?? 0];
        if ((above - here) * (below - here) > 0) sum += Math.min(Math.abs(above - here), Math.abs(below - here));
        pixels += 1;
      }
    }
  }
  return pixels === 0 ? Number.NaN : sum / pixels;
}
