// The two ways in which a film is read for its subtitles.
import type { ByteReader } from '../index/container/container-index.ts';

export interface FilmReaders {
  /** For tables, and for going through the film: what lies beside a read may be loaded with it, since it is read next. */
  dense: ByteReader;
  /** For lines that lie far from each other: nothing beside them is loaded. */
  sparse: ByteReader;
}
