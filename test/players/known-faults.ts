// Faults of the players themselves: the same with ffmpeg's own HLS or with the plain file. What they excuse is not judged.
import type { Player } from './players.ts';

export type Route = 'multivariant' | 'muxed';

interface KnownFault {
  player: Player['name'];
  route: Route | 'both';
  /** What is not judged because of it. */
  excuses: 'seeks' | 'early-seeks' | 'end';
  reason: string;
}

const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    player: 'ffmpeg',
    route: 'multivariant',
    excuses: 'seeks',
    reason:
      'libavformat 5.1 shows nothing after a seek in fragmented MP4 over HLS, nor with its own (`-f hls -hls_segment_type fmp4`); the one that ' +
      'npm installs does (`test/black-box/libavformat-seeks.test.ts`)',
  },
  {
    player: 'mpv',
    route: 'multivariant',
    excuses: 'seeks',
    reason:
      "mpv of Debian 12 has libavformat 5.1: after a seek in fragmented MP4 over HLS it plays the start, with ffmpeg's own HLS too",
  },
  {
    player: 'ffmpeg',
    route: 'muxed',
    excuses: 'early-seeks',
    reason:
      'ffmpeg 5.1 asks libavformat for a place 0.13 s before the one wanted; before the start of the film it then begins with the second ' +
      'keyframe, with its own HLS too. The decode times of our first segment are closer together than its frames (hls.js binds its timeline ' +
      'to the first one), which the program ffmpeg, after a seek into it, takes for jumps of the clock: pictures and sound come late together. ' +
      'mpv, with the same libavformat, is exact.',
  },
  {
    player: 'vlc',
    route: 'both',
    excuses: 'end',
    reason: 'the stream output of VLC 3 drops the last packets of each track',
  },
];

export function isExcused(player: Player, route: Route, what: KnownFault['excuses']): boolean {
  return KNOWN_FAULTS.some(
    (fault) => fault.player === player.name && fault.excuses === what && [route, 'both'].includes(fault.route),
  );
}
