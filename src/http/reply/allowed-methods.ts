// The methods of each path of the API, for 405 with the Allow header (RFC 9110 section 15.5.6) instead of 404.
import type { RouteOptions } from 'fastify';

export class AllowedMethods {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** Adds a route of the framework: `/sessions/:id`, `*` for any rest. */
  add(route: RouteOptions): void {
    if (route.url === '*') return;
    const known = this.#routes.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set(['OPTIONS']) };
    for (const method of [route.method].flat()) known.methods.add(method);
    this.#routes.set(route.url, known);
  }

  /** Methods of the routes that match the path, sorted; empty when no route matches. */
  of(path: string): string[] {
    const methods = new Set<string>();
    for (const route of this.#routes.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return [...methods].sort();
  }
}

function patternOf(url: string): RegExp {
  const source = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&');
  });
  return new RegExp(`^${source.join('/')}$`, 'u');
}
