// Sources without an index of their own, and sound alone: every rendition exact, from two servers.
import { exactSuite } from './exact-suite.ts';

exactSuite([
  'ts',
  'ts-start-37.5',
  'ts-wrap',
  'ts-hevc',
  'interlaced-ts',
  'avi-mpeg4-bframes',
  'audio-m4a',
  'audio-mp3',
  'audio-flac',
  'cover-mp3',
]);
