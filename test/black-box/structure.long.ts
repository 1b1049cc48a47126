// Further files by seed, after those of the daily tests; about three minutes.
import { structureSuite } from '../support/suites/structure-suite.ts';

structureSuite({ from: 200, to: 300 });
