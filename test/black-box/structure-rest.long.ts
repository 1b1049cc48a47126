// The rest of the two thousand files by seed, half an hour of two cores: in `npm run test:long`, not in `npm run test:ci`.
import { structureSuite } from '../support/suites/structure-suite.ts';

structureSuite({ from: 300, to: 2000 });
