// A hundred further files by seed, after those of `npm test`; two minutes. `structure-rest.long.ts` has the rest.
import { structureSuite } from '../support/suites/structure-suite.ts';

structureSuite({ from: 200, to: 300 });
