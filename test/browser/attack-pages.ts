// Pages of any name with attacks.js in them, and what it takes to run one of those attacks.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

import type { Page } from 'playwright-core';

/** Serves the pages on this machine, at the port it resolves with, until the stack is disposed. */
export async function serveAttackPages(stack: AsyncDisposableStack): Promise<number> {
  const script = await readFile(new URL('pages/attacks.js', import.meta.url));
  const pages = createServer((request, response) => {
    if (request.url === '/attacks.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><body><script src="/attacks.js"></script>');
  });
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  stack.defer(() => {
    pages.close();
    pages.closeAllConnections();
  });
  const address = pages.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** One of pages/attacks.js, run in the page. */
export function attack(page: Page, name: string, ...words: string[]): Promise<unknown> {
  return page.evaluate(
    `Promise.resolve(attacks.${name}(...${JSON.stringify(words)})).then((value) => value instanceof Response || value)`,
  );
}
