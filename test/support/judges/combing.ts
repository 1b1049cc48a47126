// How much of the teeth that two fields of different times leave is in a picture: about 1 where they are shown as they are, near 0 without them.
import { framesOf } from './decode.ts';

/** Pictures looked at, spread over the film. */
const EVERY = 10;

/** Mean over all pixels by how much a row sticks out between the rows above and below it. */
export async function combingOf(source: string): Promise<number> {
  let [sum, pixels, number] = [0, 0, 0];
  for await (const { pixels: grey, width, height } of framesOf(source)) {
    number += 1;
    if (number % EVERY !== 0) continue;
    // Below the counter, which never moves.
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
