// Two thousand small files whose containers, times, tracks and joins are combined by seed.
import { structureSuite } from '../support/suites/structure-suite.ts';

structureSuite({ from: 0, to: 2000 });
