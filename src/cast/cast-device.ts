// A cast device, and the devices named in the configuration.

export interface CastDevice {
  /** Safe in the path of a URL. */
  id: string;
  name: string;
  /** `Chromecast`, `Nest Hub`, ...; empty when unknown. */
  model: string;
  /** Host name or address. */
  host: string;
  port: number;
}

export interface NamedDevice {
  name: string;
  host: string;
  port: number;
}

/** The devices of the configuration; their ids are derived from their names. */
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

/** The text reduced to letters, digits and hyphens. */
export function deviceId(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(0, 64);
}
