// What a browser test stands on: the server, a page on an origin it allows, and one headless Chromium. One for each test file.
import { chromium, type Browser } from 'playwright-core';

import { PagePlayer } from './page-player.ts';
import { PageServer } from './page-server.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';

export const CHROMIUM = '/usr/bin/chromium';
export const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
];

export interface SessionWish {
  source: string;
  startTime?: number;
}

export class Stage implements AsyncDisposable {
  readonly #server: ServerProcess;
  readonly #pages: PageServer;
  readonly #browser: Browser;
  readonly #owned: AsyncDisposableStack;

  private constructor(parts: {
    server: ServerProcess;
    pages: PageServer;
    browser: Browser;
    owned: AsyncDisposableStack;
  }) {
    this.#server = parts.server;
    this.#pages = parts.pages;
    this.#browser = parts.browser;
    this.#owned = parts.owned;
  }

  static async open(): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const pages = stack.use(await PageServer.open());
    const server = stack.use(await startServer({ env: { RAFFI_ALLOWED_ORIGINS: pages.origin } }));
    const browser = stack.adopt(await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS }), (opened) =>
      opened.close(),
    );
    return new Stage({ server, pages, browser, owned: stack.move() });
  }

  /** A page with a player. */
  async player(): Promise<PagePlayer> {
    const page = await this.#browser.newPage();
    return PagePlayer.open(page, { origin: this.#pages.origin, serverUrl: this.#server.url });
  }

  /** Makes a session and gives its address, `http://127.0.0.1:PORT/sessions/ID`. */
  async session(wish: SessionWish): Promise<string> {
    const response = await fetch(`${this.#server.url}/sessions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(wish),
    });
    const text = await response.text();
    const id = /"id":"([^"]+)"/u.exec(text)?.[1];
    if (!response.ok || id === undefined) throw new Error(`no session: ${response.status} ${text}`);
    return `${this.#server.url}/sessions/${id}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}
