// A quarter of the clips in each foreign player, another one each day; `npm run test:players` takes all of them.
import { boundariesSuite } from './boundaries-suite.ts';
import { PLAYER_CLIPS } from './player-clips.ts';
import { playerSuite } from './player-suite.ts';

const QUARTERS = 4;
const day = Math.floor(Date.now() / 86_400_000);
const clips = PLAYER_CLIPS.filter((_, index) => index % QUARTERS === day % QUARTERS);

boundariesSuite(clips);
playerSuite('multivariant', clips);
playerSuite('muxed', clips);
