// Reads the pictures at some keyframes and verifies that decoding can start at them, when the container's tables do not give the bytes.
import { isDecodingStart, lengthSizeOf, nalCodecOf } from '../../bitstream/decoding-start.ts';
import { SequenceWatch, statedParameterSets } from '../../bitstream/parameter-sets.ts';
import { codecName } from '../libav/codec/check.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import type { VerifyJob, VerifyResult } from '../protocol/protocol.ts';

/** For each keyframe: whether a picture is found that decoding can start at. H.264: IDR; HEVC: any random access point; other codecs: any picture. */
export async function verify(demuxer: Demuxer, job: VerifyJob, signal: AbortSignal): Promise<VerifyResult> {
  await demuxer.require([job.streamIndex]);
  const { codecpar } = demuxer.stream(job.streamIndex);
  const track = { codec: codecName(codecpar), configuration: codecpar.extradata };
  const codec = nalCodecOf(track.codec);
  const watch = codec && new SequenceWatch(codec, statedParameterSets(codec, job.configuration));
  demuxer.keepOnly([job.streamIndex]);
  const isStart: boolean[] = [];
  for (const ticks of job.keyframes) {
    const payload = await payloadAt(demuxer, { streamIndex: job.streamIndex, ticks }, signal);
    isStart.push(payload !== undefined && isDecodingStart(payload, track) === true);
    if (payload && codec) watch?.see(payload, lengthSizeOf(codec, track.configuration));
  }
  return { isStart, hasChanges: watch?.hasChanged ?? false };
}

/** The keyframe packet with exactly this timestamp; undefined when there is none. */
async function payloadAt(
  demuxer: Demuxer,
  position: { streamIndex: number; ticks: number },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { timeBase } = demuxer.stream(position.streamIndex);
  const headStart = demuxer.isIndexed ? 0 : (1.5 * timeBase.den) / timeBase.num;
  await demuxer.seek(position.streamIndex, position.ticks - headStart);
  for (;;) {
    signal.throwIfAborted();
    const packet = await demuxer.read();
    if (!packet) return undefined;
    if (packet.streamIndex !== position.streamIndex || packet.pts === undefined) continue;
    if (packet.pts === position.ticks) return packet.isKey ? demuxer.payload : undefined;
    if (packet.isKey && packet.pts > position.ticks) return undefined;
  }
}
