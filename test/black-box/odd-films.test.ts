// Films as cameras, broadcasters, editors and tools write them, with every picture and every second of sound in its place.
import { ODD_FILMS } from '../support/clips/odd/odd-films.ts';
import { oddFilmsSuite } from './odd-films-suite.ts';

oddFilmsSuite(ODD_FILMS.map(({ name }) => name));
