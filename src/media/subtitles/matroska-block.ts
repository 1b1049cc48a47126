// Parses one block of a subtitle track, a simple block or a group with its duration.
import {
  childrenOf,
  parseElementHeader,
  parseElements,
  parseVariableInteger,
  unsignedValue,
} from '../index/matroska/matroska-ebml.ts';
import { ID } from '../index/matroska/matroska-ids.ts';

/** Track number (up to 8 bytes), 16-bit timestamp, flags. */
const AFTER_TRACK_BYTES = 3;
const LACING = 0x06;

export interface SubtitleBlock {
  /** Ticks after the cluster's timestamp. */
  relativeTime: number;
  /** Ticks; undefined when the block states none. */
  duration: number | undefined;
  payload: Uint8Array;
  addition: Uint8Array | undefined;
}

export function isBlock(id: number): boolean {
  return id === ID.simpleBlock || id === ID.blockGroup;
}

/** The track number of a block, from the first bytes of its element; undefined when they do not include it. */
export function trackOfBlock(id: number, data: DataView): number | undefined {
  if (id === ID.simpleBlock) return parseVariableInteger(data, 0)?.value;
  let at = 0;
  for (
    let header = parseElementHeader(data, at);
    header?.dataBytes !== undefined;
    header = parseElementHeader(data, at)
  ) {
    if (header.id === ID.block) return parseVariableInteger(data, at + header.headerBytes)?.value;
    at += header.headerBytes + header.dataBytes;
  }
  return undefined;
}

/** Parses the data of a whole element; undefined when it is damaged, or holds several frames (no muxer laces subtitles). */
export function parseSubtitleBlock(id: number, data: DataView): SubtitleBlock | undefined {
  if (id === ID.simpleBlock) return parseBlock(data);
  const { elements } = parseElements(data);
  const block = elements.find((element) => element.id === ID.block);
  const parsed = block && parseBlock(block.data);
  if (!parsed) return undefined;
  const child = (wanted: number) => elements.find((element) => element.id === wanted)?.data;
  const more = childrenOf(child(ID.blockAdditions), ID.blockMore)[0];
  const addition = childrenOf(more, ID.blockAdditional)[0];
  return { ...parsed, duration: unsignedValue(child(ID.blockDuration)), addition: addition && bytesOf(addition) };
}

function parseBlock(data: DataView): SubtitleBlock | undefined {
  const track = parseVariableInteger(data, 0);
  if (!track || data.byteLength < track.lengthBytes + AFTER_TRACK_BYTES) return undefined;
  if ((data.getUint8(track.lengthBytes + 2) & LACING) !== 0) return undefined;
  return {
    relativeTime: data.getInt16(track.lengthBytes),
    duration: undefined,
    payload: bytesOf(data).subarray(track.lengthBytes + AFTER_TRACK_BYTES),
    addition: undefined,
  };
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
