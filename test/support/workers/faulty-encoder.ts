// Video encoders with the faults of real ones: x264 with an injected fault, which the encoder id names.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../src/base/app-error.ts';
import type { GroupEncoding, VideoEncoder } from '../../../src/media/worker/encode/video-encoder.ts';
import type { GridFrame } from '../../../src/media/worker/libav/video/video-frame-grid.ts';
import { x264Encoder } from '../../../src/media/worker/libav/video/x264-encoder.ts';

/** The fault occurs at this frame of each group. */
const FAULTY_FRAME = 3;
const SLOW_MS = 10;

export type EncoderFault = 'fails' | 'hangs' | 'crashes' | 'is slow' | 'gives other parameter sets';
export const ENCODER_FAULTS: EncoderFault[] = ['fails', 'hangs', 'crashes', 'is slow', 'gives other parameter sets'];

export function faultyEncoder(fault: EncoderFault): VideoEncoder<GridFrame> {
  return {
    id: `faulty: ${fault}`,
    header: (track) => x264Encoder.header(track),
    async open(track, options) {
      const isOther = fault === 'gives other parameter sets';
      const group = await x264Encoder.open(isOther ? { ...track, level: track.level + 1 } : track, options);
      return faultyGroup(group, fault);
    },
  };
}

function faultyGroup(group: GroupEncoding<GridFrame>, fault: EncoderFault): GroupEncoding<GridFrame> {
  let count = 0;
  return {
    header: group.header,
    async encode(frame) {
      if (fault === 'is slow') await sleep(SLOW_MS);
      if (count === FAULTY_FRAME) await happen(fault);
      count += 1;
      return group.encode(frame);
    },
    finish: () => group.finish(),
    [Symbol.dispose]: () => group[Symbol.dispose](),
  };
}

async function happen(fault: EncoderFault): Promise<void> {
  if (fault === 'fails') throw new AppError('MEDIA_FAILED', 'The device is lost');
  if (fault === 'hangs') await new Promise(() => undefined);
  if (fault === 'crashes') process.kill(process.pid, 'SIGSEGV');
}
