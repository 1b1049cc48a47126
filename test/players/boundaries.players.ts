// Boundaries, times and gaps of all clips.
import { boundariesSuite } from './boundaries-suite.ts';

boundariesSuite();
