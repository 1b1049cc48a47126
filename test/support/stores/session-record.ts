// A session as it is stored.
import type { SessionRecord } from '../../../src/state/session-store.ts';

export const RECORD: SessionRecord = {
  id: 'one',
  source: { uri: '/film.mkv', kind: 'file', headers: { Referer: 'x' }, fileIndex: undefined },
  kind: 'http',
  quality: undefined,
  createdAtMs: 1,
  startSeconds: 2,
  positionSeconds: 3.5,
  audioIndex: 1,
  lastRequestAtMs: 4,
};
