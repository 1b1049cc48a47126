// A device films can be played on, and the ones a person wrote down.

export interface CastDevice {
  /** Safe in a path of a URL. */
  id: string;
  name: string;
  /** `Chromecast`, `Nest Hub`, ...; empty when it is not known. */
  model: string;
  /** Name or address. */
  host: string;
  port: number;
}

export interface NamedDevice {
  name: string;
  host: string;
  port: number;
}

/** The devices of the configuration; their ids come from their names. */
export function namedDevices(devices: readonly NamedDevice[]): CastDevice[] {
  const known = new Map<string, CastDevice>();
  for (const device of devices) {
    const plain = deviceId(device.name) || 'device';
    let id = plain;
    for (let count = 2; known.has(id); count += 1) id = `${plain}-${count}`;
    known.set(id, { id, model: '', ...device });
  }
  return [...known.values()];
}

/** Letters, digits and hyphens of a text. */
export function deviceId(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(0, 64);
}
