// The segments around the positions of viewers: a pinned segment is not evicted.

interface PinnedRange {
  from: number;
  to: number;
  expiresMs: number;
}

export class PinnedRanges {
  /** Rendition path to viewer to range. */
  readonly #ranges = new Map<string, Map<string, PinnedRange>>();

  /** Pins segments `[from, to)` of the rendition until `expiresMs`; replaces the viewer's range in this rendition. */
  set(viewer: string, rendition: string, range: PinnedRange): void {
    const viewers = this.#ranges.get(rendition) ?? new Map<string, PinnedRange>();
    viewers.set(viewer, range);
    this.#ranges.set(rendition, viewers);
  }

  remove(viewer: string): void {
    for (const rendition of [...this.#ranges.keys()]) this.#drop(rendition, viewer);
  }

  has(rendition: string, number: number): boolean {
    const viewers = this.#ranges.get(rendition);
    return viewers?.values().some((range) => range.from <= number && number < range.to) ?? false;
  }

  expire(nowMs: number): void {
    for (const [rendition, viewers] of [...this.#ranges]) {
      for (const [viewer, range] of [...viewers]) if (range.expiresMs <= nowMs) this.#drop(rendition, viewer);
    }
  }

  #drop(rendition: string, viewer: string): void {
    const viewers = this.#ranges.get(rendition);
    viewers?.delete(viewer);
    if (viewers?.size === 0) this.#ranges.delete(rendition);
  }
}
