// Makes uTP listen at the address of TCP: the library would bind uTP to every address.
import { createRequire } from 'node:module';

/** For the whole process, to be called before the first socket is made, and only where uTP is available. @throws TypeError when it has changed */
export function bindUtpTo(host: string): void {
  const utp: unknown = createRequire(import.meta.resolve('webtorrent'))('utp-native');
  const prototype: unknown = typeof utp === 'function' ? Reflect.get(utp, 'prototype') : undefined;
  if (typeof prototype !== 'object' || prototype === null) throw new TypeError('uTP has no sockets any more');
  const bind: unknown = Reflect.get(prototype, 'bind');
  if (typeof bind !== 'function') throw new TypeError('uTP does not bind as it did');
  Reflect.set(prototype, 'bind', function bound(this: unknown, ...words: unknown[]): void {
    const [port, ip, done] = words;
    Reflect.apply(bind, this, [port, ip ?? host, done]);
  });
}
