// Frames that carry their number, drawn by ffmpeg: the counter of `frame-code.ts` over a moving scene, at any size and rate.

export interface CodedPictures {
  width: number;
  height: number;
  /** Frame rate as ffmpeg reads it: "25", "1/10". */
  rate: string;
  seconds: number;
  /** Number of the first frame; default 0. */
  firstNumber?: number;
  /** Frames between two flashes, and so between two beeps; default 25. */
  flashEvery?: number;
}

/** ffmpeg's input options for these frames. The height must be a multiple of ten. */
export function codedPictures(options: CodedPictures): string[] {
  const { width, height, rate, seconds } = options;
  const source = `r=${rate}:d=${seconds}`;
  const code = [
    `nullsrc=s=40x2:${source}`,
    'format=yuv420p',
    `geq=lum='16+219*(${litBlocks(options)})':cb=128:cr=128`,
    `scale=${width}:${height / 5}:flags=neighbor`,
    'setsar=1[code]',
  ];
  const scene = [`testsrc2=s=${width}x${(height * 4) / 5}:${source}`, 'format=yuv420p', 'setsar=1[scene]'];
  return ['-f', 'lavfi', '-i', `${code.join(',')};${scene.join(',')};[code][scene]vstack`];
}

/** Twenty blocks of two columns: white, black, 14 bits, even parity, flash, black, white. */
function litBlocks({ firstNumber = 0, flashEvery = 25 }: CodedPictures): string {
  const block = 'floor(X/2)';
  const number = `(N+${firstNumber})`;
  const ones = Array.from({ length: 14 }, (_, bit) => `gt(bitand(${number},${2 ** bit}),0)`).join('+');
  const last = `if(eq(${block},17),not(mod(${number},${flashEvery})),eq(${block},0)+eq(${block},19))`;
  const parity = `if(eq(${block},16),mod(${ones},2),${last})`;
  return `if(between(${block},2,15),gt(bitand(${number},pow(2,15-${block})),0),${parity})`;
}
