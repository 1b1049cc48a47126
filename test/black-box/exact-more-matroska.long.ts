// Further Matroska and WebM sources: every rendition is exact on two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite([
  'h264-open-gop',
  'mkv-damaged',
  'mkv-no-cues',
  'mkv-start-37.5',
  'webm-vp9-opus',
  'aac-7.1',
  'late-audio-mkv',
  'mkv-truncated',
]);
