// MP4 sources: every rendition is exact on two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['mp4-faststart', 'vfr', 'video-only', 'late-audio-mp4']);
