// What must outlive a crash: enough of each session to take it over, and what was learned about sources.
import type { SourceRequest } from '../sources/port/source-request.ts';

export interface SessionRecord {
  id: string;
  source: SourceRequest;
  /** The kind as the caller wrote it. */
  kind: string;
  quality: string | undefined;
  createdAtMs: number;
  startSeconds: number;
  /** Where the viewer was last known to be. */
  positionSeconds: number;
  audioIndex: number | undefined;
  lastRequestAtMs: number;
}

/** Sessions of one server. A record that is put replaces the one with its id. */
export interface SessionStore {
  /** Sessions of servers that are gone, now ours. */
  takeOver(): SessionRecord[];
  put(record: SessionRecord): void;
  delete(id: string): void;
}

/** Probe results and indexes by source id: values of JSON, and Uint8Arrays anywhere inside. All of it is cache. */
export interface KnowledgeStore {
  get(sourceId: string): unknown;
  put(sourceId: string, value: unknown): void;
}
