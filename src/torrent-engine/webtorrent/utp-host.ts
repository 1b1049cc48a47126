// uTP listens where TCP does: the library binds it to every address.
import { createRequire } from 'node:module';

/** For the whole process, before the first socket. Only where uTP is available. @throws TypeError when it is not what it was */
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
