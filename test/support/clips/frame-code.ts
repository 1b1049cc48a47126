// The frame counter burnt into every test clip: twenty blocks across the top fifth of the picture, black or white.
// Left to right: white, black, 14 bits of the frame number (highest first), even parity, flash, black, white.

export const CODE_BLOCKS = 20;
const NUMBER_BITS = 14;
/** Part of the picture's height the code takes. */
export const CODE_HEIGHT = 0.2;

/**
 * The blocks of frame `number`, true for white. The flash block is white in the frame that shows while a beep starts.
 */
export function codeOf(number: number, flash: boolean): boolean[] {
  const bits = Array.from({ length: NUMBER_BITS }, (_, bit) => ((number >> (NUMBER_BITS - 1 - bit)) & 1) === 1);
  const parity = bits.filter(Boolean).length % 2 === 1;
  return [true, false, ...bits, parity, flash, false, true];
}
