// Two hundred small files whose containers, times, tracks and joins are combined by seed; `structure.long.ts` has the next ones.
import { structureSuite } from '../support/suites/structure-suite.ts';

structureSuite({ from: 0, to: 200 });
