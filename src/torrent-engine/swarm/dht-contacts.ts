// Stores the routing table of the DHT between two runs: without it every start depends on the few bootstrap nodes.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';

export interface DhtContact {
  /** 20 bytes, in hex. */
  id: string;
  host: string;
  port: number;
}

export interface DhtContacts {
  /** The node id of this client: the table is built around it. */
  id: string | undefined;
  contacts: readonly DhtContact[];
}

const ID = /^[0-9a-f]{40}$/u;
const MOST = 200;

/** An unreadable or invalid file counts as empty. */
export function readDhtContacts(path: string | undefined): DhtContacts {
  if (path === undefined) return noContacts();
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof read !== 'object' || read === null || !('id' in read) || !('contacts' in read)) return noContacts();
    const { id, contacts } = read;
    if (typeof id !== 'string' || !ID.test(id) || !Array.isArray(contacts)) return noContacts();
    return { id, contacts: contacts.filter(isContact).slice(0, MOST) };
  } catch {
    return noContacts();
  }
}

/** @throws the error of the file system */
export function writeDhtContacts(path: string, { id, contacts }: DhtContacts): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify({ id, contacts: contacts.slice(0, MOST) }), { mode: 0o600 });
  renameSync(temporary, path);
}

function noContacts(): DhtContacts {
  return { id: undefined, contacts: [] };
}

function isContact(value: unknown): value is DhtContact {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false;
  if (!('host' in value) || !('port' in value)) return false;
  const { id, host, port } = value;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  return typeof id === 'string' && ID.test(id) && typeof host === 'string' && isIPv4(host) && isPort;
}
