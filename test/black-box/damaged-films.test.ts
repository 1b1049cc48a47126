// A few damaged files of each container.
import { damagedSuite } from '../support/suites/damaged-suite.ts';

damagedSuite({
  clips: ['late-audio-mp4', 'mkv-start-37.5'],
  seeds: { from: 0, to: 6 },
});
