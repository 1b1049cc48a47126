// ffmpeg, mpv, VLC and GStreamer on the multivariant route.
import { playerSuite } from './player-suite.ts';

playerSuite('multivariant');
