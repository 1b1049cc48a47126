// Describes the streams of an open source.
import { kindOf, type StreamKind } from '../demux/stream-kind.ts';
import {
  AV_DISPOSITION_CLEAN_EFFECTS,
  AV_DISPOSITION_COMMENT,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_DESCRIPTIONS,
  AV_DISPOSITION_FORCED,
  AV_DISPOSITION_KARAOKE,
  AV_DISPOSITION_VISUAL_IMPAIRED,
} from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import type { Rational } from '../../../../base/rational.ts';
import { parseAdtsHeader } from '../../../bitstream/adts.ts';
import { audioRole, type AudioFlags } from '../../../model/audio-role.ts';
import type { AudioTrack, SourceTracks, SubtitleTrack } from '../../../model/description.ts';
import { codecName } from '../codec/check.ts';
import { decoderFor } from '../codec/decoders.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import { describeAac } from './describe-aac.ts';
import { describeVideo, mayHideItsOrder } from './describe-video.ts';
import { type Opening, readOpening } from '../demux/opening-packets.ts';

/** Reads the first packets for the tracks' start times; leaves the demuxer a little after the beginning. */
export async function describe(demuxer: Demuxer): Promise<SourceTracks> {
  const openings = await readOpening(demuxer, mayHideItsOrder);
  const of = (kind: StreamKind) => demuxer.streams.filter((stream) => kindOf(stream) === kind);
  const openingOf = (stream: Stream) => openings.get(demuxer.numberOf(stream));
  return {
    container: demuxer.container,
    durationSeconds: demuxer.durationSeconds,
    videos: of('video')
      .filter((stream) => stream.codecpar.width > 0)
      .map((stream) => describeVideo(demuxer, stream, openingOf(stream))),
    audio: await Promise.all(
      of('audio')
        .filter((stream) => isKnown(stream, openingOf(stream)))
        .map((stream) => describeAudio(demuxer, stream, openingOf(stream))),
    ),
    subtitles: of('subtitle').map((stream) => describeSubtitle(demuxer, stream)),
  };
}

/**
 * AAC without rate and channels has shown no packet to the probe: the stream belongs to a later part of the source, or has no packets at all. A
 * late stream whose codec MPEG-TS does not state counts as data until its first packet, which the probe does not wait for: its header tells.
 */
function isKnown({ codecpar }: Stream, opening: Opening | undefined): boolean {
  if (codecName(codecpar) !== 'aac') return true;
  if (codecpar.sampleRate > 0 && codecpar.channels > 0) return true;
  return opening !== undefined && (parseAdtsHeader(opening.payload)?.channelConfiguration ?? 0) > 0;
}

async function describeAudio(demuxer: Demuxer, stream: Stream, opening: Opening | undefined): Promise<AudioTrack> {
  const parameters = stream.codecpar;
  const codec = codecName(parameters);
  const startTicks = opening?.startTicks ?? 0;
  const coded =
    codec === 'aac'
      ? await describeAac(stream, opening?.payload)
      : {
          codecString: parameters.getCodecString() ?? undefined,
          configuration: parameters.extradata ?? new Uint8Array(0),
          sampleRate: parameters.sampleRate,
          channels: parameters.channels,
        };
  return {
    streamIndex: demuxer.numberOf(stream),
    codec,
    isDecodable: decoderFor(parameters) !== undefined,
    ...coded,
    ...tags(stream),
    isDefault: (stream.disposition & AV_DISPOSITION_DEFAULT) !== 0,
    role: audioRole(audioFlags(stream.disposition), tags(stream).title),
    timeBase: ratio(stream.timeBase),
    startTicks,
    heardTicks: opening?.heardTicks,
    endTicks: stream.duration > 0n ? startTicks + Number(stream.duration) : undefined,
    bitRate: Number(parameters.bitRate) || undefined,
  };
}

function audioFlags(disposition: number): AudioFlags {
  const has = (flags: number) => (disposition & flags) !== 0;
  return {
    isDescription: has(AV_DISPOSITION_VISUAL_IMPAIRED | AV_DISPOSITION_DESCRIPTIONS),
    isCommentary: has(AV_DISPOSITION_COMMENT),
    isEffects: has(AV_DISPOSITION_KARAOKE | AV_DISPOSITION_CLEAN_EFFECTS),
  };
}

function describeSubtitle(demuxer: Demuxer, stream: Stream): SubtitleTrack {
  return {
    streamIndex: demuxer.numberOf(stream),
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

function ratio(rational: Rational): Rational {
  return { num: rational.num, den: rational.den };
}
