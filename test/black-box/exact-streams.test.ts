// Sources without an index of their own, and audio alone: every rendition is exact on two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['ts-wrap', 'interlaced-ts', 'audio-mp3']);
