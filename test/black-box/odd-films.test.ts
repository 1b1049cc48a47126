// Files as cameras, broadcasters, editors and tools write them: every frame and every second of audio is in its place.
import { PLAYED_RIGHT } from '../support/suites/odd-films-list.ts';
import { oddFilmsSuite } from '../support/suites/odd-films-suite.ts';

/** A third of them, of every kind; the long tests have the others. */
oddFilmsSuite(PLAYED_RIGHT.filter((_, index) => index % 3 === 0));
