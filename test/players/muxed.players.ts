// ffmpeg, mpv, VLC and GStreamer on the muxed route.
import { playerSuite } from './player-suite.ts';

playerSuite('muxed');
