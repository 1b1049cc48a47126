// Names of the odd films that are played right.
import { ODD_FILMS } from '../clips/odd/odd-films.ts';

/** libavformat puts the pictures of a later edit earlier by the reorder delay where that is two frames: two pictures meet at the join. */
const WRONG_IN_DEMUXER = 'edit-between-keyframes';

export const PLAYED_RIGHT = ODD_FILMS.map(({ name }) => name).filter((name) => name !== WRONG_IN_DEMUXER);
