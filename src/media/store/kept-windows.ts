// Which segments viewers are playing around: what is in such a window is not evicted.

interface Window {
  from: number;
  to: number;
  expiresMs: number;
}

export class KeptWindows {
  /** Rendition path to viewer to window. */
  readonly #windows = new Map<string, Map<string, Window>>();

  /** Segments `[from, to)` of the rendition stay until `expiresMs`; replaces the viewer's window in this rendition. */
  set(viewer: string, rendition: string, window: Window): void {
    const viewers = this.#windows.get(rendition) ?? new Map<string, Window>();
    viewers.set(viewer, window);
    this.#windows.set(rendition, viewers);
  }

  remove(viewer: string): void {
    for (const rendition of [...this.#windows.keys()]) this.#drop(rendition, viewer);
  }

  has(rendition: string, number: number): boolean {
    const viewers = this.#windows.get(rendition);
    return viewers?.values().some((window) => window.from <= number && number < window.to) ?? false;
  }

  expire(nowMs: number): void {
    for (const [rendition, viewers] of [...this.#windows]) {
      for (const [viewer, window] of [...viewers]) if (window.expiresMs <= nowMs) this.#drop(rendition, viewer);
    }
  }

  #drop(rendition: string, viewer: string): void {
    const viewers = this.#windows.get(rendition);
    viewers?.delete(viewer);
    if (viewers?.size === 0) this.#windows.delete(rendition);
  }
}
