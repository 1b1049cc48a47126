// A delivery plan as one line: its renditions, copied or encoded, and the codes of its reasons.
import type { DeliveryPlan } from '../../../src/media/plan/delivery-plan.ts';

/** Example: `original=copy 1080p=1920x1080@40 audio-0=copy; video-codec`. */
export function summaryOf({ renditions, why }: DeliveryPlan): string {
  const names = renditions.map(({ name, video, audio }) => {
    const parts = [video && videoOf(video.track), audio && audioOf(audio.track)].filter((part) => part !== undefined);
    return `${name}=${parts.join('+')}`;
  });
  return [names.join(' ') || 'nothing', ...why.map(({ code }) => code)].join('; ');
}

type VideoTrack = NonNullable<DeliveryPlan['video']>['track'];

function videoOf(track: VideoTrack): string {
  return track.kind === 'copied' ? 'copy' : `${track.width}x${track.height}@${track.level}`;
}

function audioOf({ kind, channels }: DeliveryPlan['audio'][number]['track']): string {
  return kind === 'copied' ? `copy${channels}` : `${kind === 'silent' ? 'silence' : 'aac'}${channels}`;
}
