// Matroska sources: every rendition exact, from two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['mkv-two-audio', 'hevc-open-gop-10bit']);
