// Further MP4 sources: every rendition is exact on two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['mp4-moov-last', 'one-keyframe', 'mono-44100', 'cover-mp4', 'rotated', 'interlaced-mp4', 'mp4-truncated']);
