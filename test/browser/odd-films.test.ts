// Odd films that decoders forgive differently, in Chromium.
import { ODD_FILMS } from '../support/clips/odd/odd-films.ts';
import { oddFilmScripts } from './odd-films-script.ts';

oddFilmScripts(ODD_FILMS.filter(({ inBrowser }) => inBrowser === true).map(({ name }) => name));
