// Keyframes of a Matroska film: its cues, and the first cluster where the cues start too late.
import { walkCues } from './matroska-cue-points.ts';
import { ELEMENT_HEADER_BYTES, parseElementHeader, parseVariableInteger, unsignedValue } from './matroska-ebml.ts';
import type { ElementHeader } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';
import type { WindowedReader } from './windowed-reader.ts';

const MAX_CLUSTER_ELEMENTS = 256;
const MAX_CLUSTER_HEAD_BYTES = 1024 * 1024;
const CLUSTER_WINDOW_BYTES = 16 * 1024;
/** Track number of up to 8 bytes, 16-bit timestamp, flags. */
const BLOCK_HEADER_BYTES = 11;

/** Sorting more would hold up everything else, and no muxer writes so many out of order. */
const MAX_UNSORTED = 50_000;

/** Times of the cues of that track, ascending, each once, in segment ticks. Undefined when the element is damaged or a long muddle. */
export async function parseCueTimes(cues: DataView, trackNumber: number): Promise<number[] | undefined> {
  const times: number[] = [];
  let isAscending = true;
  const isWhole = await walkCues(cues, trackNumber, ({ time }) => {
    const last = times.at(-1) ?? -1;
    isAscending &&= time >= last;
    if (time !== last) times.push(time);
    return isAscending || times.length <= MAX_UNSORTED;
  });
  if (!isWhole) return undefined;
  if (isAscending) return times;
  // Numbers sort faster by themselves than by a function.
  return [...Float64Array.from(times).toSorted()].filter((time, i, sorted) => time !== sorted[i - 1]);
}

interface Block {
  /** Segment ticks. */
  time: number;
  isKeyframe: boolean;
}

interface PlacedElement extends ElementHeader {
  dataStart: number;
}

/**
 * Time of the first block of that track in the cluster at `offset`, if it is a keyframe, in segment ticks.
 * Reads headers within the first MiB of the cluster only. RFC 9559 sections 5.1.3 and 10.
 */
export async function readFirstKeyframe(
  reader: WindowedReader,
  offset: number,
  trackNumber: number,
): Promise<number | undefined> {
  let clusterTime = 0;
  for await (const element of childHeaders(reader, offset)) {
    if (element.id === ID.timestamp) clusterTime = await readUnsigned(reader, element);
    const block =
      element.id === ID.simpleBlock
        ? await readBlock(reader, element, trackNumber)
        : element.id === ID.blockGroup
          ? await readBlockGroup(reader, element, trackNumber)
          : undefined;
    // libavformat gives no timestamp to a block before zero.
    if (block) return block.isKeyframe && clusterTime + block.time >= 0 ? clusterTime + block.time : undefined;
  }
  return undefined;
}

/** Headers of the children of the master element at `offset`, their data not read. */
async function* childHeaders(reader: WindowedReader, offset: number): AsyncGenerator<PlacedElement> {
  const parent = await readHeader(reader, offset);
  if (!parent) return;
  const end = parent.dataStart + Math.min(parent.dataBytes ?? Infinity, MAX_CLUSTER_HEAD_BYTES);
  let at = parent.dataStart;
  for (let i = 0; i < MAX_CLUSTER_ELEMENTS && at < end; i++) {
    const child = await readHeader(reader, at);
    if (child?.dataBytes === undefined || child.id === ID.cluster) return;
    yield child;
    at = child.dataStart + child.dataBytes;
  }
}

async function readHeader(reader: WindowedReader, offset: number): Promise<PlacedElement | undefined> {
  const header = parseElementHeader(await reader.read(offset, ELEMENT_HEADER_BYTES, CLUSTER_WINDOW_BYTES));
  return header && { ...header, dataStart: offset + header.headerBytes };
}

async function readUnsigned(reader: WindowedReader, { dataStart, dataBytes }: PlacedElement): Promise<number> {
  return unsignedValue(await reader.read(dataStart, Math.min(dataBytes ?? 0, 8), CLUSTER_WINDOW_BYTES)) ?? 0;
}

/** Undefined for a block of another track. */
async function readBlock(
  reader: WindowedReader,
  element: PlacedElement,
  trackNumber: number,
): Promise<Block | undefined> {
  const length = Math.min(element.dataBytes ?? 0, BLOCK_HEADER_BYTES);
  const view = await reader.read(element.dataStart, length, CLUSTER_WINDOW_BYTES);
  const track = parseVariableInteger(view, 0);
  if (track?.value !== trackNumber || view.byteLength < track.lengthBytes + 3) return undefined;
  return {
    time: view.getInt16(track.lengthBytes),
    isKeyframe: (view.getUint8(track.lengthBytes + 2) & 0x80) !== 0,
  };
}

/** A block in a group is a keyframe when it refers to no other block. */
async function readBlockGroup(
  reader: WindowedReader,
  group: PlacedElement,
  trackNumber: number,
): Promise<Block | undefined> {
  let block: Block | undefined;
  let isReferring = false;
  for await (const child of childHeaders(reader, group.dataStart - group.headerBytes)) {
    if (child.id === ID.referenceBlock) isReferring = true;
    if (child.id === ID.block) block = await readBlock(reader, child, trackNumber);
    if (child.id === ID.block && !block) return undefined;
  }
  return block && { time: block.time, isKeyframe: !isReferring };
}
