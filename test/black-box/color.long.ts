import { suite } from 'node:test';
import { allBars, colorSuite } from '../support/suites/color-suite.ts';

suite('colour bars, the combinations that the daily test leaves out', () =>
  colorSuite(allBars().filter((_, index) => index % 5 !== 0)),
);
