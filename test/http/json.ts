// Reading JSON of unknown shape, for tests.

/** The value at `path` inside the JSON text, `a.0.b`; undefined where there is nothing. */
export function at(text: string, path: string): unknown {
  let value: unknown = JSON.parse(text);
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(name);
  }
  return value;
}
