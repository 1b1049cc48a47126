// Matroska and WebM sources: every rendition exact, from two servers.
import { exactSuite } from './exact-suite.ts';

exactSuite([
  'mkv-two-audio',
  'mkv-no-cues',
  'mkv-start-37.5',
  'hevc-open-gop-10bit',
  'h264-open-gop',
  'webm-vp9-opus',
  'aac-7.1',
  'late-audio-mkv',
  'mkv-truncated',
  'mkv-damaged',
]);
