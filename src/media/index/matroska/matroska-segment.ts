// Finds the top-level elements of a Matroska segment: before the first cluster, or at positions that seek heads list.
import { MIB } from '../../../base/units.ts';
import { childrenOf, ELEMENT_HEADER_BYTES, parseElementHeader, textValue, unsignedChild } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';
import type { WindowedReader } from '../container/windowed-reader.ts';

const EBML_HEADER = { id: ID.ebml, maxBytes: 4096 };
const SEEK_HEAD = { id: ID.seekHead, maxBytes: MIB };
const MAX_BEFORE_SEGMENT = 16;
const MAX_TOP_LEVEL = 1000;
const MAX_SEEK_HEADS = 16;
const MAX_SEEK_ENTRIES = 1000;
const HEADER_WINDOW_BYTES = 16 * 1024;

export interface SegmentLayout {
  /** Start of the segment's data: positions inside it count from this byte. */
  dataStart: number;
  /** Absolute byte offset of the header of the first element of each kind, by id. */
  offsets: Map<number, number>;
  /** Absolute byte offset of the first cluster's header. */
  firstCluster: number | undefined;
}

/** Undefined when the source is not Matroska or WebM (RFC 9559 section 4). A source that is not seekable is read up to the first cluster only. */
export async function readSegmentLayout(reader: WindowedReader): Promise<SegmentLayout | undefined> {
  const dataStart = await findSegment(reader);
  if (dataStart === undefined) return undefined;
  const layout = await scanBeforeClusters(reader, dataStart);
  if (reader.isSeekable) await followSeekHeads(reader, dataStart, layout.offsets);
  return layout;
}

/** A top-level element to read, and its maximum length. */
export interface WantedElement {
  id: number;
  maxBytes: number;
}

/** Data of a top-level element; undefined when it is absent, longer than `maxBytes`, or truncated by the end of the file. */
export async function readTopLevel(
  reader: WindowedReader,
  layout: SegmentLayout,
  wanted: WantedElement,
): Promise<DataView | undefined> {
  const offset = layout.offsets.get(wanted.id);
  return offset === undefined ? undefined : readElement(reader, offset, wanted);
}

async function readElement(
  reader: WindowedReader,
  offset: number,
  wanted: WantedElement,
): Promise<DataView | undefined> {
  const header = parseElementHeader(await reader.read(offset, ELEMENT_HEADER_BYTES));
  if (header?.id !== wanted.id || header.dataBytes === undefined || header.dataBytes > wanted.maxBytes)
    return undefined;
  const data = await reader.read(offset + header.headerBytes, header.dataBytes);
  return data.byteLength === header.dataBytes ? data : undefined;
}

async function findSegment(reader: WindowedReader): Promise<number | undefined> {
  const ebml = await readElement(reader, 0, EBML_HEADER);
  const docType = textValue(childrenOf(ebml, ID.docType)[0]);
  if (docType !== 'matroska' && docType !== 'webm') return undefined;
  let offset = 0;
  for (let i = 0; i < MAX_BEFORE_SEGMENT; i++) {
    const header = parseElementHeader(await reader.read(offset, ELEMENT_HEADER_BYTES));
    if (header?.id === ID.segment) return offset + header.headerBytes;
    if (header?.dataBytes === undefined) return undefined;
    offset += header.headerBytes + header.dataBytes;
  }
  return undefined;
}

async function scanBeforeClusters(reader: WindowedReader, dataStart: number): Promise<SegmentLayout> {
  const offsets = new Map<number, number>();
  let offset = dataStart;
  for (let i = 0; i < MAX_TOP_LEVEL; i++) {
    const header = parseElementHeader(await reader.read(offset, ELEMENT_HEADER_BYTES, HEADER_WINDOW_BYTES));
    if (!header) break;
    if (header.id === ID.cluster) return { dataStart, offsets, firstCluster: offset };
    if (!offsets.has(header.id)) offsets.set(header.id, offset);
    if (header.dataBytes === undefined) break;
    offset += header.headerBytes + header.dataBytes;
  }
  return { dataStart, offsets, firstCluster: undefined };
}

/** Reads the seek heads, which may point to more seek heads, and in a hostile file to themselves (RFC 9559 section 6.3). */
async function followSeekHeads(reader: WindowedReader, dataStart: number, offsets: Map<number, number>): Promise<void> {
  const first = offsets.get(ID.seekHead);
  const heads = first === undefined ? [] : [first];
  for (const [i, offset] of heads.entries()) {
    if (i === MAX_SEEK_HEADS) return;
    const seekHead = await readElement(reader, offset, SEEK_HEAD);
    for (const seek of childrenOf(seekHead, ID.seek).slice(0, MAX_SEEK_ENTRIES)) {
      const id = unsignedChild(seek, ID.seekId);
      const position = unsignedChild(seek, ID.seekPosition);
      if (id === undefined || position === undefined) continue;
      if (id === ID.seekHead && !heads.includes(dataStart + position)) heads.push(dataStart + position);
      if (!offsets.has(id)) offsets.set(id, dataStart + position);
    }
  }
}
