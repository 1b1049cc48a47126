// Faults of the players themselves: the same with ffmpeg's own HLS or with the plain file. What they excuse is not judged.
import type { Player } from './players.ts';

export type Route = 'multivariant' | 'muxed';

interface KnownFault {
  player: Player['name'];
  route: Route | 'both';
  /** What is not judged because of it. */
  excuses: 'seeks' | 'end';
  reason: string;
}

const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    player: 'ffmpeg',
    route: 'multivariant',
    excuses: 'seeks',
    reason: 'libavformat 5.1 ends each seek in fragmented MP4 over HLS in "Invalid NAL unit size"; 9.0 does not',
  },
  {
    player: 'mpv',
    route: 'multivariant',
    excuses: 'seeks',
    reason: 'mpv of Debian 12 has libavformat 5.1 and quits at a seek in fragmented MP4 over HLS',
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
