// Reads the JSON that devices send, without trust in any member.

export type Payload = ReadonlyMap<string, unknown>;

/** The members of a JSON object; undefined for any other value. */
export function parsePayload(json: string): Payload | undefined {
  try {
    return payloadOf(JSON.parse(json));
  } catch {
    return undefined;
  }
}

export function payloadOf(value: unknown): Payload | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

/** The objects in the array `name`. */
export function payloads(of: Payload | undefined, name: string): Payload[] {
  const list: unknown = of?.get(name);
  if (!Array.isArray(list)) return [];
  return list.map((each: unknown) => payloadOf(each)).filter((each) => each !== undefined);
}

export function textIn(of: Payload | undefined, name: string): string | undefined {
  const value = of?.get(name);
  return typeof value === 'string' ? value : undefined;
}

export function numberIn(of: Payload | undefined, name: string): number | undefined {
  const value = of?.get(name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
