// Matroska sources: every rendition is exact on two servers.
import { exactSuite } from '../support/suites/exact-suite.ts';

exactSuite(['mkv-two-audio', 'hevc-open-gop-10bit']);
