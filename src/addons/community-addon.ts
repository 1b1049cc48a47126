// Merges the community add-ons of several catalogues into one list, without invalid entries and without duplicates.

type Fields = Map<string, unknown>;

/** Schemes of add-on addresses: HTTP, and the schemes that Stremio's own clients know. */
const SCHEMES = ['http:', 'https:', 'stremio:', 'ipfs:', 'ipns:'];

/**
 * The entries of all catalogues, each as its catalogue gives it plus `name`, `url` (of the manifest) and `description`.
 */
export function mergedAddons(catalogues: unknown[][]): object[] {
  const items = new Map<string, object>();
  for (const entry of catalogues.flat()) {
    const addon = addonOf(entry);
    if (addon !== undefined && !items.has(addon.key)) items.set(addon.key, addon.item);
  }
  return [...items.values()];
}

/** The entries of a catalogue, which is an array or an object with `addons`; undefined for any other value. */
export function entriesOf(catalogue: unknown): unknown[] | undefined {
  const list: unknown = Array.isArray(catalogue) ? catalogue : fieldsOf(catalogue)?.get('addons');
  return Array.isArray(list) ? list : undefined;
}

/** The entry with the added members, and its key for the removal of duplicates; undefined for an entry that is not an add-on. */
function addonOf(entry: unknown): { key: string; item: object } | undefined {
  const fields = fieldsOf(entry);
  if (fields === undefined) return undefined;
  const manifest = fieldsOf(fields.get('manifest')) ?? new Map<string, unknown>();
  const stated = text(fields, 'transportUrl') ?? text(fields, 'transport_url') ?? text(fields, 'url');
  const url = stated === undefined ? undefined : URL.parse(stated);
  if (stated !== undefined && (url === null || url === undefined || !SCHEMES.includes(url.protocol))) return undefined;
  const id = text(manifest, 'id');
  const key = url?.href ?? (id === undefined ? undefined : `id ${id}`);
  if (key === undefined) return undefined;
  const item = {
    ...Object.fromEntries(fields),
    name: text(manifest, 'name') ?? text(fields, 'name') ?? id ?? url?.host ?? '',
    url: stated ?? '',
    description: text(manifest, 'description') ?? text(fields, 'description') ?? '',
  };
  return { key, item };
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
