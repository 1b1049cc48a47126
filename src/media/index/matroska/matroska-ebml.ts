// EBML (RFC 8794): element headers, the children of a master element, and the values of the leaves.

/** The most elements of a walk: regular sources have fewer. */
const MAX_ELEMENTS = 1_000_000;

/** The longest header: four bytes of id, eight bytes of size. */
export const ELEMENT_HEADER_BYTES = 12;

export interface ElementHeader {
  /** With its length marker, as the specification prints it. */
  id: number;
  headerBytes: number;
  /** Undefined: unknown size (RFC 8794 section 6.2); the element ends where its parent ends or its next sibling begins. */
  dataBytes: number | undefined;
}

export interface Element {
  id: number;
  data: DataView;
}

/** The header at byte `at`; undefined when it is truncated or invalid. Sizes beyond 2^53 are approximate. */
export function parseElementHeader(view: DataView, at: number = 0): ElementHeader | undefined {
  if (at >= view.byteLength) return undefined;
  const idBytes = Math.clz32(view.getUint8(at)) - 23;
  if (idBytes > 4 || at + idBytes >= view.byteLength) return undefined;
  let id = 0;
  for (let i = 0; i < idBytes; i++) id = id * 256 + view.getUint8(at + i);
  const size = parseVariableInteger(view, at + idBytes);
  if (!size) return undefined;
  const isUnknown =
    size.value === 2 ** (7 * size.lengthBytes) - 1 || (size.lengthBytes === 8 && size.value >= 2 ** 56 - 1);
  return { id, headerBytes: idBytes + size.lengthBytes, dataBytes: isUnknown ? undefined : size.value };
}

/** A variable-size integer (RFC 8794 section 4), without its marker. */
export function parseVariableInteger(view: DataView, at: number): { value: number; lengthBytes: number } | undefined {
  if (at >= view.byteLength) return undefined;
  const first = view.getUint8(at);
  const lengthBytes = Math.clz32(first) - 23;
  if (lengthBytes > 8 || at + lengthBytes > view.byteLength) return undefined;
  let value = first & (0xff >> lengthBytes);
  for (let i = 1; i < lengthBytes; i++) value = value * 256 + view.getUint8(at + i);
  return { value, lengthBytes };
}

/** The data of an element: bytes `[start, end)` of its view. */
export interface ElementSpan {
  id: number;
  start: number;
  end: number;
}

/** Children of the master element whose data is a span of the view, one by one; ends at the first child that does not fit. */
export function* childSpans(view: DataView, parent: { start: number; end: number }): Generator<ElementSpan> {
  let at = parent.start;
  while (at < parent.end) {
    const header = parseElementHeader(view, at);
    const start = at + (header?.headerBytes ?? 0);
    const dataBytes = header?.dataBytes ?? Infinity;
    if (!header || dataBytes > parent.end - start) return;
    at = start + dataBytes;
    yield { id: header.id, start, end: at };
  }
}

/** Children of a master element. The walk ends at the first child that does not fit; then `isWhole` is false. */
export function parseElements(view: DataView): { elements: Element[]; isWhole: boolean } {
  const elements: Element[] = [];
  let at = 0;
  for (const { id, start, end } of childSpans(view, { start: 0, end: view.byteLength })) {
    if (elements.length === MAX_ELEMENTS) break;
    elements.push({ id, data: new DataView(view.buffer, view.byteOffset + start, end - start) });
    at = end;
  }
  return { elements, isWhole: at === view.byteLength };
}

/** Children with that id. */
export function childrenOf(view: DataView | undefined, id: number): DataView[] {
  if (!view) return [];
  return parseElements(view).elements.flatMap((element) => (element.id === id ? element.data : []));
}

/** Unsigned integer of 0 to 8 bytes; undefined when absent, too long, or beyond 2^53. */
export function unsignedValue(view: DataView | undefined): number | undefined {
  return view && unsignedAt(view, { start: 0, end: view.byteLength });
}

/** The same for a span of a view. */
export function unsignedAt(view: DataView, { start, end }: { start: number; end: number }): number | undefined {
  if (end - start > 8) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) value = value * 256 + view.getUint8(at);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** An id of up to 64 bits as hexadecimal digits; undefined when absent or zero. */
export function identityOf(view: DataView | undefined): string | undefined {
  if (!view || view.byteLength > 8) return undefined;
  let digits = '';
  for (let i = 0; i < view.byteLength; i++) digits += view.getUint8(i).toString(16).padStart(2, '0');
  return digits.replace(/^0+/, '') || undefined;
}

/** Unsigned integer of the first child with that id. */
export function unsignedChild(view: DataView, id: number): number | undefined {
  return unsignedValue(childrenOf(view, id)[0]);
}

/** The same of an element with a default value: an absent and an empty element have this value (RFC 8794 section 11.1.6.8). */
export function unsignedChildOr(view: DataView, id: number, defaultValue: number): number {
  const [child] = childrenOf(view, id);
  return child && child.byteLength > 0 ? (unsignedValue(child) ?? defaultValue) : defaultValue;
}

/** Finite float of 4 or 8 bytes; undefined otherwise. */
export function floatValue(view: DataView | undefined): number | undefined {
  const value = view?.byteLength === 4 ? view.getFloat32(0) : view?.byteLength === 8 ? view.getFloat64(0) : undefined;
  return Number.isFinite(value) ? value : undefined;
}

/** UTF-8, which includes ASCII strings, without zero padding. */
export function textValue(view: DataView | undefined): string | undefined {
  if (!view) return undefined;
  const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
