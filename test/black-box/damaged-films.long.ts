// Many damaged files of every container; takes minutes.
import { damagedSuite } from '../support/suites/damaged-suite.ts';

damagedSuite({
  clips: [
    'mp4-faststart',
    'hevc-open-gop-10bit',
    'mkv-two-audio',
    'interlaced-ts',
    'webm-vp9-opus',
    'avi-mpeg4-bframes',
    'audio-m4a',
  ],
  seeds: { from: 6, to: 46 },
});
