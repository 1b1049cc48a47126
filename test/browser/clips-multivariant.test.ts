// hls.js plays every kind of source on the multivariant route: copied where it can be, encoded else.
import { EVERYDAY_CLIPS, shortScripts } from './short-script.ts';

shortScripts(EVERYDAY_CLIPS, 'multivariant');
