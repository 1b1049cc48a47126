// hls.js with the desktop client's settings plays the kin of the everyday clips on the muxed route.
import { OTHER_CLIPS, shortScripts } from './short-script.ts';

shortScripts(OTHER_CLIPS, 'muxed');
