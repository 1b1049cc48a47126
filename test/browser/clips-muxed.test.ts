// hls.js with the desktop client's settings plays every kind of source on the muxed route.
import { after, before, test } from 'node:test';

import { playShortScript, SHORT_CLIPS } from './short-script.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

for (const clip of SHORT_CLIPS) {
  test(`The muxed route plays ${clip} from start to end, shows the frame asked for, and has no gap`, async (t) => {
    await playShortScript(t, stage, { clip, route: 'muxed' });
  });
}
