// Further sources without an index of their own, and audio alone: every rendition is exact on two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['avi-mpeg4-bframes', 'ts', 'ts-start-37.5', 'ts-hevc', 'audio-m4a', 'audio-flac', 'cover-mp3']);
