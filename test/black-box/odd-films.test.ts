// Films as cameras, broadcasters, editors and tools write them, with every picture and every second of sound in its place.
import { oddFilmsSuite } from './odd-films-suite.ts';

oddFilmsSuite(['avc3-empty-record', 'slides', 'short-sound', 'ten-hours-mp4', 'implicit-sbr-mp4', 'plain-lc-24k-ts']);
