// The two readers of a source for its subtitles.
import type { ByteReader } from '../index/container/container-index.ts';

export interface SubtitleReaders {
  /** For tables and for walks: bytes next to a read may be loaded with it, since they are read next. */
  dense: ByteReader;
  /** For events far from each other: no bytes next to a read are loaded. */
  sparse: ByteReader;
}
