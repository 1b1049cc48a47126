// The odd files that the daily test omits.
import { ODD_FILMS } from '../support/clips/odd/odd-films.ts';
import { oddFilmsSuite } from '../support/suites/odd-films-suite.ts';

oddFilmsSuite(ODD_FILMS.map(({ name }) => name).filter((_, index) => index % 3 !== 0));
