import { suite } from 'node:test';
import { allBars, colorSuite } from '../support/suites/color-suite.ts';

/** A fifth of the combinations: each matrix, range, depth, sampling and tag is included. */
suite('colour bars', () => colorSuite(allBars().filter((_, index) => index % 5 === 0)));
