// The cookies that the servers of one source have set (RFC 6265): each is sent only to the hosts and paths it was set for.
import type { CookieJar } from 'tough-cookie';

/** Bound for a server that sets a new name with every response. */
const MOST_COOKIES = 200;

export class Cookies {
  #jar: CookieJar | undefined;

  /** Stores the cookies of a response from `url`; malformed ones, and those for another host, are ignored. */
  async keep(setCookie: readonly string[], url: URL): Promise<void> {
    if (setCookie.length === 0) return;
    // The library is loaded with the first cookie, because most servers set none.
    this.#jar ??= new (await import('tough-cookie')).CookieJar();
    for (const cookie of setCookie) {
      if ((await this.#jar.store.getAllCookies()).length >= MOST_COOKIES) return;
      this.#jar.setCookieSync(cookie, url.href, { ignoreError: true });
    }
  }

  /** The value of `Cookie` for a request to `url`, with the caller's cookies; cookies of the server replace those of the same name. */
  headerFor(url: URL, own: string | undefined): string | undefined {
    const kept = this.#jar?.getCookiesSync(url.href) ?? [];
    if (kept.length === 0) return own;
    const names = new Set(kept.map(({ key }) => key));
    const others = (own ?? '').split(';').filter((pair) => pair.trim() !== '' && !names.has(nameOf(pair)));
    return [...others.map((pair) => pair.trim()), ...kept.map((cookie) => cookie.cookieString())].join('; ');
  }
}

function nameOf(pair: string): string {
  return pair.split('=')[0]?.trim() ?? '';
}
