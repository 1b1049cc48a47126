// Two hundred small files whose containers, times, tracks and joins are combined by seed; `structure.long.ts` has the next ones.
import { structureSuite } from '../support/suites/structure-suite.ts';

/** Seeds whose files were wrong once. */
const WRONG_ONCE = [411, 417, 435, 451, 460, 490, 497, 548, 574, 608, 612, 788];

structureSuite({ from: 0, to: 200, others: WRONG_ONCE });
