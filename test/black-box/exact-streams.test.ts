// Sources without an index of their own, and sound alone: every rendition exact, from two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['ts-wrap', 'interlaced-ts', 'audio-mp3']);
