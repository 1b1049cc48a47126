// Web pages by their origin (RFC 6454 section 6.2): those of the project, of this server, of the desktop app and of the configuration.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { isAllowedOrigin } from '../../../src/http/access/origins.ts';

interface Row {
  origin: string;
  host?: string;
  /** Null: before the server listens. */
  ownPort?: number | null;
  expected: boolean;
}

const CONFIGURED = 'https://films.example:8443';

const SUITES: [name: string, rows: Row[]][] = [
  [
    'pages of the project',
    [
      { origin: 'https://raffi.al', expected: true },
      { origin: 'https://www.raffi.al', expected: true },
      { origin: 'https://a-1.b.raffi.al', expected: true },
      { origin: 'http://raffi.al', expected: false },
      { origin: 'https://raffi.al:8443', expected: false },
      { origin: 'https://notraffi.al', expected: false },
      { origin: 'https://raffi-al', expected: false },
      { origin: 'https://raffi.al.evil.example', expected: false },
      { origin: 'https://evil.example/raffi.al', expected: false },
      { origin: 'https://evil.example#.raffi.al', expected: false },
      { origin: 'https://.raffi.al', expected: false },
      { origin: 'https://raffi.al/', expected: false },
    ],
  ],
  [
    'configured pages',
    [
      { origin: CONFIGURED, expected: true },
      { origin: 'https://films.example', expected: false },
      { origin: 'http://films.example:8443', expected: false },
      { origin: `${CONFIGURED}0`, expected: false },
      { origin: `${CONFIGURED}/`, expected: false },
    ],
  ],
  [
    'pages of this server under any accepted name',
    [
      { origin: 'http://nas:6969', host: 'nas:6969', expected: true },
      { origin: 'https://nas.example', host: 'nas.example', expected: true },
      { origin: 'http://[fe80::1]:6969', host: '[fe80::1]:6969', expected: true },
      { origin: 'http://nas:7000', host: 'nas:6969', expected: false },
      { origin: 'http://nas', host: 'nas:6969', expected: false },
      { origin: 'http://nas:6969', expected: false },
      { origin: 'ftp://nas:6969', host: 'nas:6969', expected: false },
      { origin: 'http://evil.example', host: 'nas:6969', expected: false },
    ],
  ],
  [
    'pages of this machine: own port, desktop app, development server',
    [
      { origin: 'http://localhost:6969', expected: true },
      { origin: 'http://127.0.0.1:6969', expected: true },
      { origin: 'http://127.1.2.3:6969', expected: true },
      { origin: 'http://[::1]:6969', expected: true },
      { origin: 'https://localhost:6969', expected: true },
      { origin: 'http://localhost:11420', expected: true },
      { origin: 'http://localhost:5173', expected: true },
      { origin: 'http://localhost:5174', expected: false },
      { origin: 'http://localhost', expected: false },
      { origin: 'http://localhost', ownPort: 80, expected: true },
      { origin: 'https://localhost', ownPort: 443, expected: true },
      { origin: 'https://localhost', ownPort: 80, expected: false },
      { origin: 'http://localhost:6969', ownPort: null, expected: false },
      { origin: 'http://localhost:5173', ownPort: null, expected: true },
      { origin: 'http://192.168.1.2:5173', expected: false },
      { origin: 'http://128.0.0.1:5173', expected: false },
      { origin: 'http://localhost.evil.example:5173', expected: false },
      { origin: 'http://evil.localhost:5173', expected: false },
      { origin: 'http://127.0.0.1.evil.example:5173', expected: false },
      { origin: 'http://localhost:5173@evil.example', expected: false },
      { origin: 'http://localhost:5173/', expected: false },
      { origin: 'ws://localhost:5173', expected: false },
    ],
  ],
  [
    'what is no origin of a page',
    [
      { origin: 'null', expected: false },
      { origin: '', expected: false },
      { origin: '*', expected: false },
      { origin: 'file://', expected: false },
    ],
  ],
];

for (const [name, rows] of SUITES)
  suite(name, () => {
    for (const { origin, host, ownPort = 6969, expected } of rows)
      test(`${JSON.stringify({ origin, host, ownPort })} is ${expected ? 'allowed' : 'refused'}`, () => {
        const rules = { ownPort: ownPort ?? undefined, allowedOrigins: [CONFIGURED] };
        assert.equal(isAllowedOrigin(origin, host, rules), expected);
      });
  });
