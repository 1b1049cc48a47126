// Channel layouts: the speakers of the channels of a track.
import { avChannelLayoutDefault } from 'node-av/lib';
import type { ChannelLayout } from 'node-av/lib';

/** Channel configurations of AAC (ISO/IEC 14496-3 table 1.19) that differ from libav's default layout: three channels. */
const AAC_MASKS: Readonly<Record<number, bigint>> = {
  3: 0x7n, // front left, right, centre
};

/** The layout of an AAC track with this number of channels. */
export function aacLayout(channels: number): ChannelLayout {
  const layout = avChannelLayoutDefault(channels);
  return { ...layout, mask: AAC_MASKS[channels] ?? layout.mask };
}

/** The name of a layout in libavfilter. */
export function layoutName(mask: bigint): string {
  return `0x${mask.toString(16)}`;
}
