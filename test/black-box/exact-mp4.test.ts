// MP4 sources: every rendition exact, from two servers.
import { exactSuite } from './exact-suite.ts';

exactSuite([
  'mp4-faststart',
  'mp4-moov-last',
  'vfr',
  'one-keyframe',
  'video-only',
  'mono-44100',
  'late-audio-mp4',
  'cover-mp4',
  'rotated',
  'interlaced-mp4',
  'mp4-truncated',
]);
