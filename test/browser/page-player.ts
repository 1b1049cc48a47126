// A player in a page of the browser: the page's `window.player`, typed, with the requests it made.
import type { Page, Request } from 'playwright-core';

import type { Beep } from '../support/judges/beeps.ts';

export interface Picture {
  /** Media time of the picture, as the browser says. */
  mediaTime: number | null;
  /** What the frame counter in it reads; null when it cannot be read. */
  number: number | null;
}

export interface ShownPicture extends Picture {
  /** `currentTime` of the video element. */
  at: number;
}

export interface Played {
  pictures: Picture[];
  ended: boolean;
  at: number;
}

export interface PlayerFacts {
  currentTime: number;
  duration: number;
  ended: boolean;
  paused: boolean;
  readyState: number;
  /** `[start, end)` */
  buffered: [number, number][];
  faults: string[];
  mediaError: string | null;
  /** Where playback stood still although it should not, and how many seconds were buffered ahead. */
  stalls: { at: number; ahead: number }[];
  /** Playlists hls.js began with, after redirects; undefined for other players. */
  manifests?: { sliceStart: string | null; url: string }[];
}

export interface PageResponse {
  url: string;
  status: number;
}

/** A player's settings, as JSON. For hls.js `quality` names the only variant to play. */
export type PlayerConfig = Record<string, unknown>;

export class PagePlayer implements AsyncDisposable {
  readonly #page: Page;
  /** Addresses asked of the server, in order. */
  readonly requests: string[] = [];
  /** What it answered; requests that were given up have none. */
  readonly responses: PageResponse[] = [];
  readonly #errors: string[] = [];
  /** Asked for and neither given up nor answered to the last byte. */
  readonly #open = new Set<Request>();

  private constructor(page: Page, serverUrl: string) {
    this.#page = page;
    page.on('request', (request) => {
      if (!request.url().startsWith(serverUrl)) return;
      this.requests.push(request.url());
      this.#open.add(request);
    });
    page.on('requestfinished', (request) => this.#open.delete(request));
    page.on('requestfailed', (request) => this.#open.delete(request));
    page.on('response', (response) => {
      if (response.url().startsWith(serverUrl)) this.responses.push({ url: response.url(), status: response.status() });
    });
    page.on('pageerror', (error) => this.#errors.push(String(error)));
  }

  static async open(page: Page, { origin, serverUrl }: { origin: string; serverUrl: string }): Promise<PagePlayer> {
    const player = new PagePlayer(page, serverUrl);
    await page.goto(`${origin}/player.html`);
    await page.waitForFunction('window.player !== undefined');
    return player;
  }

  /** Opens an address and waits for the first picture. A player that was there before is ended. */
  load(kind: 'hls' | 'shaka', url: string, config: PlayerConfig = {}): Promise<void> {
    return this.#call('load', kind, url, config);
  }

  /** Loads another address in the same player, as the existing client does for a seek. */
  reload(url: string): Promise<ShownPicture> {
    return this.#call('reload', url);
  }

  seek(seconds: number): Promise<ShownPicture> {
    return this.#call('seek', seconds);
  }

  shown(): Promise<ShownPicture> {
    return this.#call('shown');
  }

  /** Plays that many seconds of media, `rate` times as fast, and pauses. */
  play(seconds: number, rate = 1): Promise<Played> {
    return this.#call('play', { seconds, rate });
  }

  playToEnd(rate = 1): Promise<Played> {
    return this.#call('playToEnd', rate);
  }

  /** Prepares for `hear`; before the load. */
  listen(): Promise<void> {
    return this.#call('listen');
  }

  /** Plays until that many beeps were heard, and gives their pitches in hertz. */
  hear(beeps: number): Promise<number[]> {
    return this.#call('hear', beeps);
  }

  /** Every beep in the sound appended since the last load or `forgetSound`, in media time. */
  appendedBeeps(): Promise<Beep[]> {
    return this.#call('appendedBeeps');
  }

  forgetSound(): Promise<void> {
    return this.#call('forgetSound');
  }

  async facts(): Promise<PlayerFacts> {
    const facts = await this.#call<PlayerFacts>('facts');
    return { ...facts, faults: [...facts.faults, ...this.#errors] };
  }

  /** Runs an expression in the page; `player.engine` is the hls.js or Shaka instance. */
  evaluate<T>(expression: string): Promise<T> {
    return this.#page.evaluate<T>(expression);
  }

  /** Waits until an expression in the page is true. */
  async until(expression: string): Promise<void> {
    await this.#page.evaluate(`player.until(() => ${expression}, ${JSON.stringify(expression)})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.close();
  }

  async #call<T>(name: string, ...args: unknown[]): Promise<T> {
    try {
      return await this.#page.evaluate<T>(`player.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
    } catch (cause) {
      const open = [...this.#open].map((request) => request.url());
      const last = this.requests.slice(-5);
      throw new Error(`${name} failed; still open: ${open.join(', ') || 'none'}; asked last: ${last.join(', ')}`, {
        cause,
      });
    }
  }
}
