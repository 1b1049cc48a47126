// Serves the pages of this folder, the players from node_modules, and what the pages share with other tests.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';

import { readFrameNumber } from '../support/judges/frame-counter.ts';

const MIME: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };

const PAGES: Record<string, () => Promise<string>> = {
  '/player.html': () => text('pages/player.html'),
  '/player.js': () => text('pages/player.js'),
  '/hls-player.js': () => text('pages/hls-player.js'),
  '/shaka-player.js': () => text('pages/shaka-player.js'),
  '/appended-sound.js': () => text('pages/appended-sound.js'),
  '/ear.js': () => text('pages/ear.js'),
  '/hls.js': () => text(import.meta.resolve('hls.js/dist/hls.js')),
  '/shaka.js': () => text(import.meta.resolve('shaka-player')),
  '/frame-counter.js': async () => `export ${readFrameNumber.toString()}`,
  '/beeps.js': async () => stripTypeScriptTypes(await text('../support/judges/beeps.ts')),
};

export class PageServer implements AsyncDisposable {
  readonly #server: Server;
  readonly origin: string;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${port}`;
  }

  static async open(): Promise<PageServer> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      const page = PAGES[path];
      if (page === undefined) return void response.writeHead(404).end();
      page().then(
        (body) => response.writeHead(200, { 'Content-Type': MIME[extname(path)] }).end(body),
        () => response.writeHead(500).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the page server has no port');
    return new PageServer(server, address.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** A path from here, or a URL. */
function text(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8');
}
