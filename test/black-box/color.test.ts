import { suite } from 'node:test';
import { allBars, colorSuite } from '../support/suites/color-suite.ts';

/** A fifth of them: each matrix, range, depth, sampling and tag is among them. */
suite('colour bars', () => colorSuite(allBars().filter((_, index) => index % 5 === 0)));
