// hls.js plays every kind of source on the multivariant route: copied where it can be, encoded else.
import { after, before, test } from 'node:test';

import { videoOf } from '../media/catalogue.ts';
import { playShortScript, SHORT_CLIPS } from './short-script.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

for (const clip of SHORT_CLIPS) {
  const { video } = videoOf(clip);
  const quality = video.copyable && !video.openGop ? 'original' : `${video.height}p`;
  test(`The variant ${quality} of ${clip} plays from start to end, shows the frame asked for, and has no gap`, async (t) => {
    await playShortScript(t, stage, { clip, route: 'multivariant', quality });
  });
}
