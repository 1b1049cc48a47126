// Odd films that decoders forgive differently, in Chromium.
import { oddFilmScripts } from './odd-films-script.ts';

oddFilmScripts(['avc3-empty-record', 'short-sound', 'implicit-sbr-mp4']);
