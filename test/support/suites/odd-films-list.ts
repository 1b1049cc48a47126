// Names of the odd files that play right.
import { ODD_FILMS } from '../clips/odd/odd-films.ts';

/** libavformat shows the frames of a later edit too early by a reorder delay of two frames: two frames meet at the join. */
const WRONG_IN_DEMUXER = 'edit-between-keyframes';

export const PLAYED_RIGHT = ODD_FILMS.map(({ name }) => name).filter((name) => name !== WRONG_IN_DEMUXER);
