// Films as cameras, broadcasters, editors and tools write them, with every picture and every second of sound in its place.
import { oddFilmsSuite } from './odd-films-suite.ts';

oddFilmsSuite([
  ...['still-first-mov', 'still-first-mp4', 'still-first-mkv', 'three-pictures-first'],
  ...['two-programmes', 'two-programmes-sound-first'],
  ...['no-composition-times', 'hev1-empty-record', 'avc3-empty-record'],
  ...['two-entries-same-size', 'two-entries-other-size'],
  ...['edit-middle-cut-out', 'edit-repeated', 'edit-shorter'],
  ...['picture-late-mp4', 'one-picture-mp4', 'slides', 'short-sound', 'ten-hours-mkv', 'ten-hours-mp4'],
  ...['implicit-sbr-mp4', 'plain-lc-24k-ts'],
]);
