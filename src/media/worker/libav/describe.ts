// What the streams of an open source are, in the server's words.
import {
  AVCOL_RANGE_JPEG,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_FORCED,
  AV_PKT_DATA_DISPLAYMATRIX,
} from 'node-av/constants';
import type { CodecParameters, Stream } from 'node-av/lib';
import type { Rational } from '../../../base/rational.ts';
import { annexBUnits, nalType, H264_NAL, HEVC_NAL } from '../../bitstream/nal-units.ts';
import { aacLcConfig, parseAudioSpecificConfig } from '../../bitstream/audio-specific-config.ts';
import { parseAvcConfiguration } from '../../bitstream/avc-configuration.ts';
import { videoCodecString } from '../../bitstream/codec-string.ts';
import { parseH264Sps } from '../../bitstream/h264-sps.ts';
import { parseHevcConfiguration } from '../../bitstream/hevc-configuration.ts';
import { parseHevcSps } from '../../bitstream/hevc-sps.ts';
import { vp9Configuration } from '../../bitstream/vp9-configuration.ts';
import type { AudioTrack, MediaDescription, SubtitleTrack, VideoTrack } from '../../description.ts';
import { codecName } from './check.ts';
import { decoderFor } from './decoders.ts';
import type { Demuxer, StreamKind } from './demuxer.ts';

/** Packets read at most to see every track's first one. */
const PEEK_PACKETS = 400;

/** Reads the first packets for the tracks' start times; leaves the demuxer a little after the beginning. */
export async function describe(demuxer: Demuxer): Promise<MediaDescription> {
  const firsts = await firstPackets(demuxer);
  const of = (kind: StreamKind) => demuxer.streams.filter((stream) => demuxer.kindOf(stream) === kind);
  const video = of('video').find((stream) => stream.codecpar.width > 0);
  return {
    container: demuxer.container,
    durationSeconds: demuxer.durationSeconds,
    video: video && describeVideo(video, firsts.get(video.index)),
    audio: of('audio').map((stream) => describeAudio(stream, firsts.get(stream.index)?.ticks ?? 0)),
    subtitles: of('subtitle').map(describeSubtitle),
  };
}

interface FirstPacket {
  ticks: number;
  payload: Uint8Array;
}

async function firstPackets(demuxer: Demuxer): Promise<Map<number, FirstPacket>> {
  const tracks = demuxer.streams.filter((stream) => ['audio', 'video'].includes(demuxer.kindOf(stream)));
  const wanted = new Set(tracks.map((stream) => stream.index));
  demuxer.keepOnly([...wanted]);
  const firsts = new Map<number, FirstPacket>();
  for (let count = 0; count < PEEK_PACKETS && firsts.size < wanted.size; count++) {
    const packet = await demuxer.read();
    if (!packet) break;
    const ticks = packet.pts ?? packet.dts;
    if (ticks === undefined || !wanted.has(packet.streamIndex) || firsts.has(packet.streamIndex)) continue;
    firsts.set(packet.streamIndex, { ticks, payload: demuxer.payload });
  }
  return firsts;
}

function describeVideo(stream: Stream, first: FirstPacket | undefined): VideoTrack {
  const parameters = stream.codecpar;
  const codec = codecName(parameters);
  const shape = pictureShape(codec, parameters);
  const rate = [stream.avgFrameRate, stream.rFrameRate, parameters.frameRate].find(
    (candidate) => candidate.num > 0 && candidate.den > 0,
  );
  const aspect = stream.sampleAspectRatio.num > 0 ? stream.sampleAspectRatio : parameters.sampleAspectRatio;
  const frameRate = rate ? ratio(rate) : { num: 25, den: 1 };
  const color = {
    primaries: parameters.colorPrimaries,
    transfer: parameters.colorTrc,
    matrix: parameters.colorSpace,
    fullRange: parameters.colorRange === AVCOL_RANGE_JPEG,
  };
  const stated = parameters.getDecoderConfigurationRecord() ?? parameters.extradata ?? new Uint8Array(0);
  // WebM need not state it for VP9: the first frame does.
  const isSilent = codec === 'vp9' && !stated.length && first !== undefined;
  const configuration = isSilent
    ? vp9Configuration({ frame: first.payload, color, framesPerSecond: frameRate.num / frameRate.den })
    : stated;
  return {
    streamIndex: stream.index,
    codec,
    isDecodable: decoderFor(parameters) !== undefined,
    codecString: videoCodecString({ codec, configuration }),
    configuration,
    width: parameters.width,
    height: parameters.height,
    sampleAspectRatio: aspect.num > 0 && aspect.den > 0 ? ratio(aspect) : { num: 1, den: 1 },
    rotationDegrees: rotation(parameters.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX)),
    ...shape,
    color,
    timeBase: ratio(stream.timeBase),
    startTicks: first?.ticks ?? 0,
    frameRate,
    bitRate: Number(parameters.bitRate) || undefined,
  };
}

function describeAudio(stream: Stream, startTicks: number): AudioTrack {
  const parameters = stream.codecpar;
  const codec = codecName(parameters);
  return {
    streamIndex: stream.index,
    codec,
    isDecodable: decoderFor(parameters) !== undefined,
    codecString: parameters.getCodecString() ?? undefined,
    configuration: codec === 'aac' ? aacConfiguration(parameters) : (parameters.extradata ?? new Uint8Array(0)),
    sampleRate: parameters.sampleRate,
    channels: parameters.channels,
    ...tags(stream),
    isDefault: (stream.disposition & AV_DISPOSITION_DEFAULT) !== 0,
    timeBase: ratio(stream.timeBase),
    startTicks,
    endTicks: stream.duration > 0n ? startTicks + Number(stream.duration) : undefined,
    bitRate: Number(parameters.bitRate) || undefined,
  };
}

/** MPEG-TS carries it in every frame's ADTS header instead. */
function aacConfiguration(parameters: CodecParameters): Uint8Array {
  const extradata = parameters.extradata;
  if (!extradata?.length) return aacLcConfig(parameters.sampleRate, parameters.channels);
  parseAudioSpecificConfig(extradata);
  return extradata;
}

function describeSubtitle(stream: Stream): SubtitleTrack {
  return {
    streamIndex: stream.index,
    codec: codecName(stream.codecpar),
    ...tags(stream),
    isDefault: (stream.disposition & AV_DISPOSITION_DEFAULT) !== 0,
    isForced: (stream.disposition & AV_DISPOSITION_FORCED) !== 0,
  };
}

function tags(stream: Stream): { language: string; title: string } {
  const metadata = stream.metadata?.getAll() ?? {};
  return { language: metadata.language ?? 'und', title: metadata.title ?? '' };
}

type Shape = Pick<VideoTrack, 'bitDepth' | 'chroma' | 'interlaced' | 'reorderFrames'>;

/** From the parameter sets where there are some; 4:2:0 8 bit is what all other codecs use in practice. */
function pictureShape(codec: string, parameters: CodecParameters): Shape {
  const fallback: Shape = {
    bitDepth: parameters.bitsPerRawSample || 8,
    chroma: '4:2:0',
    interlaced: false,
    reorderFrames: parameters.videoDelay,
  };
  const record = parameters.getDecoderConfigurationRecord() ?? parameters.extradata;
  if (!record?.length) return fallback;
  if (codec === 'h264') {
    const unit =
      record[0] === 1
        ? parseAvcConfiguration(record).sps[0]
        : annexBUnits(record).find((u) => nalType('h264', u) === H264_NAL.sps);
    if (!unit) return fallback;
    const sps = parseH264Sps(unit);
    return {
      bitDepth: sps.bitDepthLuma,
      chroma: sps.chroma,
      interlaced: sps.interlaced,
      reorderFrames: sps.maxReorder,
    };
  }
  if (codec === 'hevc') {
    const unit =
      record[0] === 1
        ? parseHevcConfiguration(record).sps[0]
        : annexBUnits(record).find((u) => nalType('hevc', u) === HEVC_NAL.sps);
    if (!unit) return fallback;
    const sps = parseHevcSps(unit);
    return { bitDepth: sps.bitDepthLuma, chroma: sps.chroma, interlaced: false, reorderFrames: sps.maxReorder };
  }
  return fallback;
}

/** ISO/IEC 14496-12 8.3.2: the matrix turns the picture; its first two numbers are cosine and sine. */
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
