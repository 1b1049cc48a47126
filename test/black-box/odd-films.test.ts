// Files as cameras, broadcasters, editors and tools write them: every frame and every second of audio is in its place.
import { ODD_FILMS } from '../support/clips/odd/odd-films.ts';
import { oddFilmsSuite } from '../support/suites/odd-films-suite.ts';

/** A third of them, of every kind; the long tests have the others. */
oddFilmsSuite(ODD_FILMS.map(({ name }) => name).filter((_, index) => index % 3 === 0));
