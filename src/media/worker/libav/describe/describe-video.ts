// Describes a video track from the container's header and, where that is not enough, from the first frames.
import {
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AV_DISPOSITION_DEFAULT,
  AV_PKT_DATA_DISPLAYMATRIX,
} from 'node-av/constants';
import type { CodecParameters, Stream } from 'node-av/lib';
import type { Rational } from '../../../../base/rational.ts';
import { videoCodecString } from '../../../bitstream/codec-string.ts';
import { lengthSizeOf, nalCodecOf } from '../../../bitstream/decoding-start.ts';
import { parseH264Sps } from '../../../bitstream/h264-sps.ts';
import { parseHevcSps } from '../../../bitstream/hevc-sps.ts';
import { annexBUnits, headUnits, type NalCodec } from '../../../bitstream/nal-units.ts';
import {
  areComplete,
  buildConfiguration,
  parameterSetsIn,
  statedParameterSets,
  type ParameterSets,
} from '../../../bitstream/parameter-sets.ts';
import { isReordered } from '../../../bitstream/picture-order.ts';
import { vp9Configuration } from '../../../bitstream/vp9-configuration.ts';
import { UNSPECIFIED } from '../../../model/color.ts';
import type { ColorDescription, VideoCandidate, VideoTrack } from '../../../model/description.ts';
import { codecName } from '../codec/check.ts';
import { decoderFor } from '../codec/decoders.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import type { Opening } from '../demux/opening-packets.ts';

/** Codecs of covers and previews; main videos in these codecs are rare. */
const STILL_CODECS = new Set(['mjpeg', 'png', 'gif', 'bmp', 'tiff', 'webp', 'jpeg2000', 'targa', 'jpegls']);

/** Frames needed to conclude that strictly rising timestamps are decode times. */
const MIN_ORDERED_FRAMES = 4;

export function describeVideo(demuxer: Demuxer, stream: Stream, opening: Opening | undefined): VideoCandidate {
  const parameters = stream.codecpar;
  const codec = codecName(parameters);
  return {
    track: videoTrack(demuxer, stream, opening),
    evidence: {
      isDefault: (stream.disposition & AV_DISPOSITION_DEFAULT) !== 0,
      isStillCodec: STILL_CODECS.has(codec),
      frameCount: Number(stream.nbFrames) || opening?.count,
      durationSeconds:
        stream.duration > 0n ? (Number(stream.duration) * stream.timeBase.num) / stream.timeBase.den : undefined,
    },
  };
}

function videoTrack(demuxer: Demuxer, stream: Stream, opening: Opening | undefined): VideoTrack {
  const parameters = stream.codecpar;
  const codec = codecName(parameters);
  const rate = [stream.avgFrameRate, stream.rFrameRate, parameters.frameRate].find(
    (candidate) => candidate.num > 0 && candidate.den > 0,
  );
  const aspect = stream.sampleAspectRatio.num > 0 ? stream.sampleAspectRatio : parameters.sampleAspectRatio;
  const frameRate = rate ? ratio(rate) : { num: 25, den: 1 };
  const { codedColor, ...coded } = codedShape({ codec, parameters, opening });
  const color = statedColor(parameters, codedColor);
  // WebM need not state the VP9 configuration; the first frame does.
  const isSilent = codec === 'vp9' && !coded.configuration.length && opening !== undefined;
  const configuration = isSilent
    ? vp9Configuration({ frame: opening.payload, color, framesPerSecond: frameRate.num / frameRate.den })
    : coded.configuration;
  return {
    ...coded,
    streamIndex: demuxer.numberOf(stream),
    codec,
    isDecodable: decoderFor(parameters) !== undefined,
    codecString: videoCodecString({ codec, configuration }),
    configuration,
    width: parameters.width,
    height: parameters.height,
    sampleAspectRatio: aspect.num > 0 && aspect.den > 0 ? ratio(aspect) : { num: 1, den: 1 },
    rotationDegrees: rotation(parameters.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX)),
    color,
    timeBase: ratio(stream.timeBase),
    startTicks: opening?.startTicks ?? 0,
    frameRate,
    bitRate: Number(parameters.bitRate) || undefined,
  };
}

/** The colour that the container states; for values that it leaves out, the colour of the parameter sets. */
function statedColor(parameters: CodecParameters, coded: ColorDescription | undefined): ColorDescription {
  const stated = (ofContainer: number, ofSets: number | undefined) =>
    ofContainer === UNSPECIFIED ? (ofSets ?? UNSPECIFIED) : ofContainer;
  const hasRange = parameters.colorRange === AVCOL_RANGE_JPEG || parameters.colorRange === AVCOL_RANGE_MPEG;
  return {
    primaries: stated(parameters.colorPrimaries, coded?.primaries),
    transfer: stated(parameters.colorTrc, coded?.transfer),
    matrix: stated(parameters.colorSpace, coded?.matrix),
    fullRange: hasRange ? parameters.colorRange === AVCOL_RANGE_JPEG : (coded?.fullRange ?? false),
  };
}

interface CodedShape extends Pick<
  VideoTrack,
  'configuration' | 'bitDepth' | 'chroma' | 'interlaced' | 'reorderFrames' | 'hasDecodeTimesOnly'
> {
  /** Of the parameter sets. */
  codedColor: ColorDescription | undefined;
}

interface Subject {
  codec: string;
  parameters: CodecParameters;
  opening: Opening | undefined;
}

/** The shape by the parameter sets; codecs without them use 4:2:0 with 8 bit in practice. */
function codedShape({ codec, parameters, opening }: Subject): CodedShape {
  const stated = parameters.getDecoderConfigurationRecord() ?? parameters.extradata ?? new Uint8Array(0);
  const fallback: CodedShape = {
    configuration: stated,
    bitDepth: parameters.bitsPerRawSample || 8,
    chroma: '4:2:0',
    interlaced: opening?.hasFields ?? false,
    reorderFrames: parameters.videoDelay,
    hasDecodeTimesOnly: false,
    codedColor: undefined,
  };
  const nalCodec = nalCodecOf(codec);
  if (!nalCodec) return fallback;
  // How the packets are stored, which a generated record need not state.
  const lengthSize = lengthSizeOf(nalCodec, parameters.extradata);
  const { sets, configuration } = completed(nalCodec, { stated, lengthSize, opening });
  const [unit] = sets.sps;
  if (!unit) return fallback;
  const sps = nalCodec === 'h264' ? parseH264Sps(unit) : parseHevcSps(unit);
  return {
    configuration,
    codedColor: sps.color,
    bitDepth: sps.bitDepthLuma,
    chroma: sps.chroma,
    interlaced: nalCodec === 'h264' && sps.interlaced,
    reorderFrames: sps.maxReorder,
    hasDecodeTimesOnly: sps.maxReorder > 0 && hasDecodeTimesOnly(nalCodec, { sets, lengthSize, opening }),
  };
}

interface CodedOpening {
  lengthSize: number | undefined;
  opening: Opening | undefined;
}

/** Completes a record without parameter sets (hev1, avc3) with those of the first keyframe. */
function completed(
  codec: NalCodec,
  { stated, lengthSize, opening }: CodedOpening & { stated: Uint8Array },
): { sets: ParameterSets; configuration: Uint8Array } {
  const sets = statedParameterSets(codec, stated);
  if (areComplete(codec, sets)) return { sets, configuration: stated };
  for (const { head, isKey } of opening?.frames ?? []) {
    const found = isKey ? parameterSetsIn(codec, head, lengthSize) : undefined;
    if (found && areComplete(codec, found)) return { sets: found, configuration: buildConfiguration(codec, found) };
  }
  return { sets, configuration: stated };
}

/** Whether timestamps only rise although the coded pictures state another presentation order. */
function hasDecodeTimesOnly(
  codec: NalCodec,
  { sets, lengthSize, opening }: CodedOpening & { sets: ParameterSets },
): boolean {
  if (!opening || opening.frames.length < MIN_ORDERED_FRAMES || !isRising(opening)) return false;
  const units = opening.frames.map(({ head }) =>
    lengthSize === undefined ? annexBUnits(head) : headUnits(head, lengthSize),
  );
  return isReordered(codec, sets, units);
}

function isRising({ frames }: Opening): boolean {
  return frames.every(({ pts }, index) => index === 0 || (pts ?? 0) > (frames[index - 1]?.pts ?? 0));
}

/** Whether more frames are needed to know the presentation order: no B-frame so far, but the stream may have some. */
export function mayHideItsOrder(stream: Stream, opening: Opening): boolean {
  const codec = codecName(stream.codecpar);
  if (!nalCodecOf(codec) || !isRising(opening)) return false;
  return codedShape({ codec, parameters: stream.codecpar, opening }).reorderFrames > 0;
}

/** ISO/IEC 14496-12 8.3.2: the matrix rotates the video; its first two numbers are cosine and sine. */
function rotation(matrix: Buffer | null): 0 | 90 | 180 | 270 {
  if (!matrix || matrix.length < 36) return 0;
  const degrees = (Math.atan2(matrix.readInt32LE(4), matrix.readInt32LE(0)) * 180) / Math.PI;
  switch ((Math.round(degrees / 90) + 4) % 4) {
    case 1:
      return 90;
    case 2:
      return 180;
    case 3:
      return 270;
    default:
      return 0;
  }
}

function ratio(rational: Rational): Rational {
  return { num: rational.num, den: rational.den };
}
