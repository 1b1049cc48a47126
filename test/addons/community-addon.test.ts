// Catalogues of add-ons, complete, incomplete and wrong, as one list.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { entriesOf, mergedAddons } from '../../src/addons/community-addon.ts';

const URL = 'https://a.example/manifest.json';

suite('entries of a catalogue', () => {
  const ROWS: [what: string, catalogue: unknown, expected: unknown[] | undefined][] = [
    ['an array', [1, null], [1, null]],
    ['an empty array', [], []],
    ['an object with them', { addons: [1] }, [1]],
    ['an object without them', { items: [1] }, undefined],
    ['an object with something else of that name', { addons: { length: 0 } }, undefined],
    ['text', '[]', undefined],
    ['null', null, undefined],
    ['nothing', undefined, undefined],
  ];
  for (const [what, catalogue, expected] of ROWS) test(what, () => assert.deepEqual(entriesOf(catalogue), expected));
});

suite('name, address and description', () => {
  const manifest = { id: 'i', name: 'n', description: 'd' };
  const ROWS: [what: string, entry: object, expected: { name: string; url: string; description: string }][] = [
    ['of the manifest', { transportUrl: URL, manifest }, { name: 'n', url: URL, description: 'd' }],
    [
      'the manifest goes before the entry',
      { transportUrl: URL, manifest, name: 'x', description: 'x', url: 'x' },
      { name: 'n', url: URL, description: 'd' },
    ],
    [
      'of the entry',
      { transport_url: URL, name: 'n', description: 'd', manifest: {} },
      { name: 'n', url: URL, description: 'd' },
    ],
    [
      'blank text is no text',
      { transportUrl: ' ', transport_url: URL, manifest: { id: 'i', name: ' ' } },
      { name: 'i', url: URL, description: '' },
    ],
    [
      'no name: the id',
      { transportUrl: URL, manifest: { id: 'i', name: 7 } },
      { name: 'i', url: URL, description: '' },
    ],
    ['no id either: the host', { transportUrl: URL, manifest: null }, { name: 'a.example', url: URL, description: '' }],
    ['an id alone', { manifest: { id: 'i' } }, { name: 'i', url: '', description: '' }],
    ['an address as plain "url"', { url: URL, manifest: { id: 'i' } }, { name: 'i', url: URL, description: '' }],
    [
      'an address as it is written',
      { transportUrl: 'HTTPS://A.example' },
      { name: 'a.example', url: 'HTTPS://A.example', description: '' },
    ],
    [
      'an address of Stremio',
      { transportUrl: 'stremio://a.example/m' },
      { name: 'a.example', url: 'stremio://a.example/m', description: '' },
    ],
    [
      'other members stay',
      { transportUrl: URL, flags: { official: true } },
      { name: 'a.example', url: URL, description: '' },
    ],
  ];
  for (const [what, entry, expected] of ROWS)
    test(what, () => assert.deepEqual(mergedAddons([[entry]]), [{ ...entry, ...expected }]));
});

suite('entries that are left out', () => {
  const ROWS: [what: string, entry: unknown][] = [
    ['null', null],
    ['a number', 7],
    ['a list', [{ transportUrl: URL }]],
    ['nothing in it', {}],
    ['no address and no id', { name: 'n', manifest: { name: 'n' } }],
    ['an id that is no text', { manifest: { id: 1 } }],
    ['an address that is none', { transportUrl: 'a.example', manifest: { id: 'i' } }],
    ['a script as address', { transportUrl: 'javascript:alert(1)', manifest: { id: 'i' } }],
    ['a script as plain "url"', { url: 'javascript:alert(1)', manifest: { id: 'i' } }],
    ['a file as address', { transport_url: 'file:///etc/passwd', manifest: { id: 'i' } }],
  ];
  for (const [what, entry] of ROWS) test(what, () => assert.deepEqual(mergedAddons([[entry]]), []));
});

suite('duplicates: the first one stays', () => {
  const ROWS: [what: string, first: object, second: object, count: number][] = [
    ['the same address', { transportUrl: URL, name: '1' }, { transport_url: URL, name: '2' }, 1],
    [
      'the same address, written otherwise',
      { transportUrl: URL },
      { transportUrl: 'HTTPS://A.example:443/manifest.json' },
      1,
    ],
    [
      'the same id at two addresses',
      { transportUrl: URL, manifest: { id: 'i' } },
      { transportUrl: `${URL}?b`, manifest: { id: 'i' } },
      2,
    ],
    ['the same id without addresses', { manifest: { id: 'i', name: '1' } }, { manifest: { id: 'i', name: '2' } }, 1],
    ['ids that differ in case', { manifest: { id: 'i' } }, { manifest: { id: 'I' } }, 2],
    ['an id that reads like the address of another', { transportUrl: URL }, { manifest: { id: URL } }, 2],
  ];
  for (const [what, first, second, count] of ROWS)
    test(what, () => {
      const [one, other] = [mergedAddons([[first]]), mergedAddons([[second]])];
      assert.deepEqual(mergedAddons([[first], [second]]), count === 1 ? one : [...one, ...other]);
    });
});
