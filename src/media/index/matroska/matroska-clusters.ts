// Reads the headers of the blocks of a Matroska source a window at a time, without their frames (RFC 9559 sections 5.1.3 and 10).
import { MIB } from '../../../base/units.ts';
import { ELEMENT_HEADER_BYTES, parseElementHeader, parseVariableInteger, unsignedValue } from './matroska-ebml.ts';
import type { ElementHeader } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';
import type { WindowedReader } from '../container/windowed-reader.ts';

const MAX_CLUSTER_ELEMENTS = 256;
const MAX_CLUSTER_HEAD_BYTES = MIB;
export const CLUSTER_WINDOW_BYTES = 16 * 1024;
/** Track number of up to 8 bytes, 16-bit timestamp, flags. */
const BLOCK_HEADER_BYTES = 11;
const FLAGS = { keyframe: 0x80, lacing: 0x06 } as const;

export interface Block {
  trackNumber: number;
  /** Segment ticks after the cluster's timestamp. */
  relativeTime: number;
  isKeyframe: boolean;
  /** Whether the block holds several frames. */
  isLaced: boolean;
  /** Bytes `[start, end)` of its frames in the file. */
  frames: { start: number; end: number };
}

export interface LocatedElement extends ElementHeader {
  dataStart: number;
}

/** The element whose header is at `offset`. */
export async function elementAt(reader: WindowedReader, offset: number): Promise<LocatedElement | undefined> {
  const header = parseElementHeader(await reader.read(offset, ELEMENT_HEADER_BYTES, CLUSTER_WINDOW_BYTES));
  return header && { ...header, dataStart: offset + header.headerBytes };
}

/** The children of a master element from byte `from` of its data on, without their data: some hundreds, within a MiB. */
export async function* childrenFrom(
  reader: WindowedReader,
  parent: LocatedElement,
  from = 0,
): AsyncGenerator<LocatedElement> {
  const first = parent.dataStart + from;
  const end = Math.min(parent.dataStart + (parent.dataBytes ?? Infinity), first + MAX_CLUSTER_HEAD_BYTES);
  let at = first;
  for (let i = 0; i < MAX_CLUSTER_ELEMENTS && at < end; i++) {
    const child = await elementAt(reader, at);
    if (child?.dataBytes === undefined || child.id === ID.cluster) return;
    yield child;
    at = child.dataStart + child.dataBytes;
  }
}

/** Segment ticks. */
export async function timestampIn(reader: WindowedReader, { dataStart, dataBytes }: LocatedElement): Promise<number> {
  return unsignedValue(await reader.read(dataStart, Math.min(dataBytes ?? 0, 8), CLUSTER_WINDOW_BYTES)) ?? 0;
}

/** The block of a child of a cluster: the child itself, or the block in a group; undefined for other or damaged elements. */
export async function blockIn(reader: WindowedReader, element: LocatedElement): Promise<Block | undefined> {
  if (element.id === ID.simpleBlock) return readBlock(reader, element);
  return element.id === ID.blockGroup ? readBlockGroup(reader, element) : undefined;
}

async function readBlock(reader: WindowedReader, element: LocatedElement): Promise<Block | undefined> {
  const { dataStart, dataBytes = 0 } = element;
  const view = await reader.read(dataStart, Math.min(dataBytes, BLOCK_HEADER_BYTES), CLUSTER_WINDOW_BYTES);
  const track = parseVariableInteger(view, 0);
  if (!track || view.byteLength < track.lengthBytes + 3) return undefined;
  const flags = view.getUint8(track.lengthBytes + 2);
  return {
    trackNumber: track.value,
    relativeTime: view.getInt16(track.lengthBytes),
    isKeyframe: (flags & FLAGS.keyframe) !== 0,
    isLaced: (flags & FLAGS.lacing) !== 0,
    frames: { start: dataStart + track.lengthBytes + 3, end: dataStart + dataBytes },
  };
}

/** The block of a group, a keyframe when it refers to no other block. */
async function readBlockGroup(reader: WindowedReader, group: LocatedElement): Promise<Block | undefined> {
  let block: Block | undefined;
  let isReferring = false;
  for await (const child of childrenFrom(reader, group)) {
    if (child.id === ID.referenceBlock) isReferring = true;
    if (child.id === ID.block) block = await readBlock(reader, child);
    if (child.id === ID.block && !block) return undefined;
  }
  return block && { ...block, isKeyframe: !isReferring };
}
