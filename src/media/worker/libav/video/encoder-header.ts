// The parameter sets an encoder will write, known before it has encoded anything: the init section does not wait for a segment.
import { AppError } from '../../../../base/app-error.ts';
import { annexBUnits, H264_NAL, nalType } from '../../../bitstream/nal-units.ts';
import { buildAvcConfiguration } from '../../../bitstream/avc-configuration.ts';
import type { EncodedVideo } from '../../../model/rendition-track.ts';
import type { EncoderHeader } from '../../protocol/protocol.ts';
import { openVideoEncoder } from './encoded-video.ts';

export async function encoderHeader(track: EncodedVideo): Promise<EncoderHeader> {
  const encoder = await openVideoEncoder(track, 'veryfast', { isInsert: false });
  try {
    const units = annexBUnits(encoder.extraData ?? new Uint8Array(0));
    const sps = units.filter((unit) => nalType('h264', unit) === H264_NAL.sps);
    const pps = units.filter((unit) => nalType('h264', unit) === H264_NAL.pps);
    const first = sps[0];
    if (!first || !pps.length) throw new AppError('MEDIA_FAILED', 'The encoder wrote no parameter sets.');
    const codecString = `avc1.${Buffer.from(first.subarray(1, 4)).toString('hex')}`;
    return { configuration: buildAvcConfiguration({ sps, pps }), codecString };
  } finally {
    encoder.freeContext();
  }
}
