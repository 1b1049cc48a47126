// The log of segments: one `info` line for each change of an encoder, and `debug` lines for the life of every segment.
import type { Logger } from '../../base/logger.ts';
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';

export type SegmentLog = Pick<Logger, 'info' | 'debug'>;

export const SILENT: SegmentLog = { info: () => undefined, debug: () => undefined };

/** The log fields that identify a segment from its request to its response. */
export function segmentFields(rendition: ScheduledRendition, number: number): Record<string, unknown> {
  return { ...renditionFields(rendition), number };
}

export function renditionFields({ sourceId, name }: ScheduledRendition): Record<string, unknown> {
  return { source: sourceId.slice(0, 8), rendition: name };
}
