// Which speakers the channels of a track belong to.
import { avChannelLayoutDefault } from 'node-av/lib';
import type { ChannelLayout } from 'node-av/lib';

/** The channel configurations of AAC (ISO/IEC 14496-3 table 1.19); libav's own default for three channels is another. */
const AAC_MASKS: Readonly<Record<number, bigint>> = {
  3: 0x7n, // front left, right, centre
};

/** The layout of an AAC track with so many channels. */
export function aacLayout(channels: number): ChannelLayout {
  const layout = avChannelLayoutDefault(channels);
  return { ...layout, mask: AAC_MASKS[channels] ?? layout.mask };
}

/** libavfilter's name of a layout. */
export function layoutName(mask: bigint): string {
  return `0x${mask.toString(16)}`;
}
