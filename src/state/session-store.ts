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

/**
 * Sessions of one server. A record that is put replaces the one with its id. Every call settles within a bounded time; one that rejects
 * has changed nothing.
 */
export interface SessionStore {
  /** Sessions of servers that are gone, now of this one. */
  takeOver(): Promise<SessionRecord[]>;
  put(record: SessionRecord): Promise<void>;
  delete(id: string): Promise<void>;
}

/** Probe results and indexes by source id: values of JSON, and Uint8Arrays anywhere inside. All of it is cache; calls settle as above. */
export interface KnowledgeStore {
  get(sourceId: string): Promise<unknown>;
  put(sourceId: string, value: unknown): Promise<void>;
}
