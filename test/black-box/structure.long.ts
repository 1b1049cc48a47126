// More films by seed than the daily tests judge, about three minutes of them.
import { structureSuite } from '../support/suites/structure-suite.ts';

structureSuite({ from: 200, to: 400 });
