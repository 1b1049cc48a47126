// Reads the frame counter in the frames of every test clip; `frame-code.ts` describes its layout.
import { framesOf } from './decode.ts';
import { CODE_HEIGHT } from '../clips/frame-code.ts';

/**
 * The frame number in a frame of any size; undefined without a counter, or when two frames were blended.
 * `pixels` is RGBA, RGB or grey, recognized by its length.
 * The function has no dependencies, so `readFrameNumber.toString()` can run in a browser page.
 */
export function readFrameNumber(pixels: ArrayLike<number>, width: number, height: number): number | undefined {
  const channels = Math.max(1, Math.round(pixels.length / (width * height)));
  const green = channels >= 3 ? 1 : 0;
  const levels: number[] = [];
  for (let block = 0; block < 20; block += 1) {
    let sum = 0;
    for (let i = 0; i < 64; i += 1) {
      const x = Math.floor(((block + 0.3 + ((i % 8) / 7) * 0.4) * width) / 20);
      const y = Math.floor((0.3 + (Math.floor(i / 8) / 7) * 0.4) * 0.2 * height);
      sum += pixels[(y * width + x) * channels + green] ?? 0;
    }
    levels.push(sum / 64);
  }
  const white = ((levels[0] ?? 0) + (levels[19] ?? 0)) / 2;
  const black = ((levels[1] ?? 0) + (levels[18] ?? 0)) / 2;
  if (white - black < 100) return undefined;
  let number = 0;
  let ones = 0;
  for (const [block, level] of levels.entries()) {
    const share = (level - black) / (white - black);
    if (share > 0.3 && share < 0.7) return undefined;
    const bit = share >= 0.7 ? 1 : 0;
    if ((block === 0 || block === 19) && bit === 0) return undefined;
    if ((block === 1 || block === 18) && bit === 1) return undefined;
    if (block < 2 || block > 16) continue;
    ones += bit;
    if (block < 16) number = number * 2 + bit;
  }
  return ones % 2 === 0 ? number : undefined;
}

/** Whether the flash block is white: a beep starts with this frame. Has no dependencies, like `readFrameNumber`. */
export function readFlash(pixels: ArrayLike<number>, width: number, height: number): boolean {
  const channels = Math.round(pixels.length / (width * height));
  const x = Math.floor((17.5 * width) / 20);
  const y = Math.floor(0.1 * height);
  return (pixels[(y * width + x) * channels + (channels >= 3 ? 1 : 0)] ?? 0) > 127;
}

/**
 * The counter of every frame that ffmpeg decodes from a file or URL, in order of presentation; undefined where it is unreadable.
 * `inputOptions` go before `-i`.
 */
export async function frameNumbersOf(
  source: string,
  inputOptions: readonly string[] = [],
): Promise<(number | undefined)[]> {
  const numbers: (number | undefined)[] = [];
  // The code takes the top fifth; the rest of the frame is cropped before the pipe.
  for await (const { pixels, width, height } of framesOf(source, { inputOptions, filter: 'crop=iw:ih/5:0:0' })) {
    numbers.push(readFrameNumber(pixels, width, height / CODE_HEIGHT));
  }
  return numbers;
}
