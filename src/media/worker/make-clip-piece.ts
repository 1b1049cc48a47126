// One piece of a clip: its video and audio are encoded, then written one after the other into the clip's file.
import { open } from 'node:fs/promises';
import { AppError } from '../../base/app-error.ts';
import { AAC_FRAME_SAMPLES, type SampleRun } from '../model/samples.ts';
import { encodedRuns, type EncodeTools, type Runs } from './encoded-runs.ts';
import type { ClipPieceJob, ClipPieceResult, ClipSamples } from './protocol/protocol.ts';

/** A retried job writes the same bytes of the file. */
export async function makeClipPiece(
  job: ClipPieceJob,
  tools: EncodeTools,
  signal: AbortSignal,
): Promise<ClipPieceResult> {
  const { video, audio } = await encodedRuns(job, tools, signal);
  assertComplete(job, video, audio);
  signal.throwIfAborted();
  const samples = [...(video?.samples ?? []), ...(audio?.samples ?? [])];
  await using file = await open(job.outputPath, 'r+');
  let position = job.position;
  for (const { data } of samples) {
    for (let at = 0; at < data.length;) {
      const { bytesWritten } = await file.write(data, at, data.length - at, position);
      at += bytesWritten;
      position += bytesWritten;
    }
  }
  return { video: tableOf(video), audio: tableOf(audio) };
}

/** The tables of the clip need every sample. @throws AppError MEDIA_FAILED */
function assertComplete({ video, audio }: ClipPieceJob, videoRun: Runs['video'], audioRun: Runs['audio']): void {
  const frames = video ? (video.end - video.start) / video.track.frameRate.den : 0;
  const audioFrames = audio ? (audio.end - audio.start) / AAC_FRAME_SAMPLES : 0;
  if ((videoRun?.samples.length ?? 0) !== frames || (audioRun?.samples.length ?? 0) !== audioFrames)
    throw new AppError('MEDIA_FAILED', 'The encoder did not give all of the pictures or the sound');
}

function tableOf(run: SampleRun | undefined): ClipSamples {
  const samples = run?.samples ?? [];
  return {
    sizes: samples.map(({ data }) => data.length),
    times: samples.map(({ pts }) => pts),
    syncs: samples.flatMap(({ isSync }, index) => (isSync ? index : [])),
  };
}
