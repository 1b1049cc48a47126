// hls.js plays the kin of the everyday clips on the multivariant route.
import { OTHER_CLIPS, shortScripts } from './short-script.ts';

shortScripts(OTHER_CLIPS, 'multivariant');
