// hls.js with the desktop client's settings plays every kind of source on the muxed route.
import { EVERYDAY_CLIPS, shortScripts } from './short-script.ts';

shortScripts(EVERYDAY_CLIPS, 'muxed');
