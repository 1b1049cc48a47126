// Chromium with its guard of the local network on, and pages that it takes for pages of the internet: ours work once a person has let
// them reach this machine, and a page that was let in by mistake still gets nothing.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { chromium, type Browser, type Page } from 'playwright-core';

import { startApp, type RunningApp } from '../http/running-app.ts';
import { attack, serveAttackPages } from './attack-pages.ts';
import { ARGUMENTS, CHROMIUM } from './stage.ts';

suite('the browser’s guard of the local network', () => {
  const stack = new AsyncDisposableStack();
  let browser: Browser | undefined;
  let app: RunningApp | undefined;
  let port = 0;
  const running = (): RunningApp => app ?? assert.fail();
  const originOf = (name: string): string => `http://${name}.example:${port}`;

  before(async () => {
    port = await serveAttackPages(stack);
    app = stack.use(await startApp({ access: { allowedOrigins: [originOf('friend')] } }));
    const args = [
      ...ARGUMENTS,
      '--host-resolver-rules=MAP *.example 127.0.0.1',
      '--enable-features=LocalNetworkAccessChecks:LocalNetworkAccessChecksWarn/false',
      `--ip-address-space-overrides=127.0.0.1:${port}=public`,
      // Only secure pages may be let in, and a certificate would change nothing else.
      `--unsafely-treat-insecure-origin-as-secure=${originOf('friend')},${originOf('evil')}`,
    ];
    browser = stack.adopt(await chromium.launch({ executablePath: CHROMIUM, args }), (opened) => opened.close());
  });
  after(() => stack.disposeAsync());

  async function open(name: string, { isLetIn }: { isLetIn: boolean }): Promise<{ page: Page } & AsyncDisposable> {
    const context = (await browser?.newContext()) ?? assert.fail();
    if (isLetIn) await context.grantPermissions(['local-network-access'], { origin: originOf(name) });
    const page = await context.newPage();
    await page.goto(originOf(name));
    return { page, [Symbol.asyncDispose]: () => context.close() };
  }

  test('a page of ours works once it was let in, and not before', async () => {
    const { url, film, sessions } = running();
    const count = sessions.count;
    for (const isLetIn of [false, true]) {
      await using friend = await open('friend', { isLetIn });
      assert.equal(await attack(friend.page, 'reads', `${url}/sessions`), isLetIn ? 200 : undefined);
      await attack(friend.page, 'jsonFetch', url, film);
      assert.equal(sessions.count, count + (isLetIn ? 1 : 0));
    }
  });

  for (const isLetIn of [false, true]) {
    test(`a hostile page gets nothing, ${isLetIn ? 'though it was let in' : 'whatever the guard lets through'}`, async () => {
      const { url, film, sessions } = running();
      const count = sessions.count;
      await using evil = await open('evil', { isLetIn });
      assert.equal(await attack(evil.page, 'reads', `${url}/sessions`), undefined);
      // The form last: it takes the page away.
      for (const name of ['simpleFetch', 'jsonFetch', 'beacon', 'form']) await attack(evil.page, name, url, film);
      await delay(400);
      assert.equal(sessions.count, count);
    });
  }
});
