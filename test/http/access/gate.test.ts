// Who may call, row by row: the gate is one pure function.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judge, type Approach, type GateRules } from '../../../src/http/access/gate.ts';

const SESSION = 'AbC_123-xyz';
const OTHER = 'another-session';
const GOOD = 'good-cast-token';
const LAN_TOKEN = 'paired-devices-know-this';

const LOOPBACK: GateRules = {
  ownPort: 6969,
  allowedOrigins: ['https://friend.example'],
  isLoopbackOnly: true,
  allowedHosts: ['nas.example.org'],
  isLanOpen: false,
  castSession: (token) => (token === GOOD ? SESSION : undefined),
  isLanToken: () => false,
};
const LAN: GateRules = { ...LOOPBACK, isLoopbackOnly: false };
const PAIRED: GateRules = { ...LAN, isLanToken: (token) => token === LAN_TOKEN };
const OPEN: GateRules = { ...LAN, isLanOpen: true };

type Outcome = 'local' | 'paired' | 'open' | 'cast' | 'preflight' | 401 | 403 | 421;
type Row = [outcome: Outcome, approach: Partial<Approach>, what?: string];

const PLAYLIST = `/sessions/${SESSION}/stream/child.m3u8`;
const EVIL = 'https://evil.example';
const DESKTOP = 'http://127.0.0.1:11420';
const PHONE = '192.168.1.20';
const AT_HOME = ['192.168.1.5:6969'];
const [POST, DELETE, GET, HEAD, OPTIONS] = ['POST', 'DELETE', 'GET', 'HEAD', 'OPTIONS'] as const;

function approach(row: Partial<Approach>): Approach {
  return { peer: '127.0.0.1', method: GET, hosts: ['127.0.0.1:6969'], path: '/', ...row };
}

function table(name: string, rules: GateRules, rows: Row[]): void {
  test(`${name}: ${rows.length} rows`, () => {
    for (const [outcome, row] of rows) {
      const verdict = judge(approach(row), rules);
      assert.equal('grant' in verdict ? verdict.grant : verdict.refuse, outcome, JSON.stringify(row));
      if ('refuse' in verdict) assert.match(verdict.sentence, /^[A-Z].*[^.]$/u);
    }
  });
}

const BAD_HOSTS = [
  'evil.com',
  'evil.com:6969',
  '127.0.0.1.nip.io',
  'localhost.evil.com',
  'localhost.',
  'evil.localhost',
  '127.0.0.1.',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '0.0.0.0',
  '128.0.0.1',
  '192.168.1.5',
  '[::]',
  '[::2]',
  '[fe80::1]',
  '::1',
  '[::1',
  '127.0.0.1:6969:1',
  '127.0.0.1:x',
  'user@127.0.0.1',
  '127.0.0.1/',
  '127.0.0.1#',
  '127.0.0.1\\evil',
  'local host',
  '',
  ' ',
  'localhost,evil.com',
  'lo\u0000calhost',
  'nas.example.org.evil.com',
  'xnas.example.org',
];
const GOOD_HOSTS = [
  '127.0.0.1',
  '127.0.0.1:6969',
  '127.0.0.1:80',
  '127.255.3.4',
  'localhost',
  'localhost:6969',
  'LOCALHOST',
  '[::1]',
  '[::1]:6969',
  '[0:0:0:0:0:0:0:1]:6969',
  'localhost:',
  'nas.example.org',
  'NAS.example.org:8443',
];

table('only this machine can connect, and the Host must be its name', LOOPBACK, [
  ...GOOD_HOSTS.map((host): Row => ['local', { hosts: [host] }]),
  ...BAD_HOSTS.map((host): Row => [421, { hosts: [host] }]),
  [421, { hosts: [] }],
  [421, { hosts: ['127.0.0.1', '127.0.0.1'] }],
  [421, { hosts: ['127.0.0.1', 'evil.com'] }],
  [421, { hosts: ['evil.com', '127.0.0.1'] }],
  [421, { absoluteHost: 'evil.com' }],
  [421, { absoluteHost: 'evil.com:6969' }],
  [421, { absoluteHost: '' }],
  [421, { absoluteHost: 'localhost:6969' }],
  ['local', { absoluteHost: '127.0.0.1:6969' }],
  ['local', { path: '*', method: OPTIONS }],
  [421, { path: '//evil.com', hosts: ['evil.com'] }],
  [421, { path: '/no/such/thing', hosts: ['evil.com'] }],
  [421, { method: OPTIONS, hosts: ['evil.com'] }],
  [421, { method: POST, hosts: ['evil.com'], origin: DESKTOP }],
  [421, { method: DELETE, hosts: ['evil.com'], origin: 'http://evil.com' }],
  [421, { method: HEAD, hosts: ['evil.com'] }],
  [421, { method: 'PROPFIND', hosts: ['evil.com'] }],
  [421, { hosts: ['evil.com'], path: PLAYLIST, castToken: GOOD }],
]);

const FRIENDS = [
  DESKTOP,
  'http://localhost:11420',
  'http://[::1]:11420',
  'http://localhost:5173',
  'http://127.0.0.1:5173',
  'http://127.0.0.1:6969',
  'http://localhost:6969',
  'https://raffi.al',
  'https://web.raffi.al',
  'https://a.b.raffi.al',
  'https://friend.example',
];
const STRANGERS = [
  EVIL,
  'null',
  '',
  'http://raffi.al',
  'http://web.raffi.al',
  'https://xraffi.al',
  'https://raffi.al.evil.com',
  'https://raffi.al:8443',
  'https://raffi.al.',
  'https://evil.com/raffi.al',
  'HTTPS://WEB.RAFFI.AL',
  'https://.raffi.al',
  'https://web.raffi.al, https://evil.com',
  'http://localhost',
  'http://localhost:9999',
  'http://127.0.0.1:114200',
  'http://127.0.0.1.evil.com:11420',
  'http://localhost.evil.com:5173',
  'http://192.168.1.5:5173',
  'http://friend.example',
  'https://friend.example:444',
  'https://friend.example.evil.com',
  'file://',
  'chrome-extension://abc',
];

table('pages that change something must be ours', LOOPBACK, [
  ...FRIENDS.map((origin): Row => ['local', { method: POST, path: '/sessions', origin, fetchSite: 'cross-site' }]),
  ...STRANGERS.map((origin): Row => [403, { method: POST, path: '/sessions', origin }]),
  [403, { method: DELETE, path: `/sessions/${SESSION}`, origin: EVIL }],
  [403, { method: POST, path: '/cleanup', origin: EVIL, fetchSite: 'cross-site', fetchMode: 'no-cors' }],
  ['local', { method: POST, path: '/cleanup', origin: DESKTOP, fetchSite: 'same-site', fetchMode: 'no-cors' }],
  [403, { method: POST, path: '/sessions', origin: 'null', fetchSite: 'cross-site', fetchMode: 'navigate' }],
  [403, { method: POST, path: '/sessions', fetchSite: 'cross-site' }],
  [403, { method: POST, path: '/sessions', fetchSite: 'same-site' }],
  ['local', { method: POST, path: '/sessions', fetchSite: 'same-origin' }],
  ['local', { method: POST, path: '/sessions', fetchSite: 'none' }],
  ['local', { method: POST, path: '/sessions' }, 'curl'],
  ['local', { method: DELETE, path: `/sessions/${SESSION}` }],
  [403, { method: 'PUT', path: '/anything', origin: EVIL }],
  [403, { method: 'PATCH', path: '/anything', fetchSite: 'cross-site' }],
  ['local', { method: OPTIONS, path: '/sessions', origin: EVIL }, 'answered without leave to read'],
]);

table('pages that only look', LOOPBACK, [
  ...FRIENDS.map((origin): Row => ['local', { path: PLAYLIST, origin, fetchSite: 'cross-site', fetchMode: 'cors' }]),
  [403, { path: PLAYLIST, origin: EVIL, fetchSite: 'cross-site', fetchMode: 'cors' }],
  [403, { path: '/', origin: 'http://127.0.0.1:8000', fetchSite: 'same-site', fetchMode: 'cors' }],
  ['local', { path: '/', origin: EVIL }, 'cannot read the answer, says CORS'],
  [403, { path: '/torrents/0123', origin: EVIL }, 'guessable, and reading makes the server work'],
  [403, { path: PLAYLIST, fetchSite: 'cross-site', fetchMode: 'no-cors', fetchDest: 'video' }],
  [403, { path: PLAYLIST, fetchSite: 'same-site', fetchMode: 'no-cors', fetchDest: 'image' }],
  [403, { path: '/torrents/0123', fetchSite: 'cross-site', fetchDest: 'video', referer: `${EVIL}/` }],
  [403, { path: '/', fetchSite: 'cross-site', fetchMode: 'no-cors', fetchDest: 'script' }],
  [403, { path: '/', fetchSite: 'cross-site', fetchMode: 'navigate', fetchDest: 'iframe' }],
  [403, { method: HEAD, path: '/', fetchSite: 'cross-site', fetchMode: 'no-cors' }],
  ['local', { path: PLAYLIST, fetchSite: 'same-site', fetchDest: 'video', referer: `${DESKTOP}/player` }],
  ['local', { path: '/torrents/0123', fetchSite: 'cross-site', fetchDest: 'video', referer: 'https://web.raffi.al/' }],
  [403, { path: PLAYLIST, fetchSite: 'cross-site', fetchDest: 'video', referer: 'https://raffi.al.evil.com/' }],
  [403, { path: PLAYLIST, fetchSite: 'cross-site', fetchDest: 'video', referer: 'nonsense' }],
  ['local', { path: '/', fetchSite: 'cross-site', fetchMode: 'navigate', fetchDest: 'document' }, 'a link'],
  [403, { path: '/torrents/0123', fetchSite: 'cross-site', fetchMode: 'navigate', fetchDest: 'document' }],
  ['local', { path: '/torrents/0123', fetchSite: 'none', fetchMode: 'navigate', fetchDest: 'document' }],
  ['local', { path: PLAYLIST, fetchSite: 'same-origin', fetchDest: 'video' }],
  ['local', { path: PLAYLIST }, 'VLC, ffmpeg'],
]);

table('where the network can connect, only this machine is local', LAN, [
  ['local', {}],
  ['local', { peer: '::1', hosts: ['localhost:6969'] }],
  ['local', { peer: '127.9.9.9' }],
  ['local', { peer: '::ffff:127.0.0.1' }],
  [403, { hosts: ['nas.example.org'] }, 'a proxy on this machine speaks for somebody else'],
  [403, { hosts: AT_HOME }, 'Docker: the peer is this machine, the caller is not'],
  [403, { peer: PHONE }, 'whatever it calls us'],
  [403, { peer: PHONE, hosts: AT_HOME }],
  [403, { peer: `::ffff:${PHONE}`, hosts: AT_HOME }],
  [403, { peer: 'fe80::1%eth0', hosts: ['[fe80::2]:6969'] }],
  [403, { peer: 'fd12::1', hosts: ['[fd12::2]:6969'] }],
  [403, { peer: '8.8.8.8', hosts: AT_HOME }],
  [403, { peer: undefined, hosts: AT_HOME }],
  [403, { peer: 'nonsense', hosts: AT_HOME }],
  [403, { peer: PHONE, hosts: AT_HOME, method: POST, path: '/sessions' }],
  [403, { peer: PHONE, hosts: AT_HOME, method: POST, path: '/cast/token' }],
  [403, { peer: PHONE, hosts: AT_HOME, path: PLAYLIST }],
  [403, { peer: PHONE, hosts: AT_HOME, path: '/health' }],
  [403, { peer: PHONE, hosts: AT_HOME, lanCookie: LAN_TOKEN }],
  [403, { peer: PHONE, hosts: AT_HOME, method: OPTIONS, path: '/sessions' }],
  ['preflight', { peer: PHONE, hosts: AT_HOME, method: OPTIONS, path: PLAYLIST, origin: 'https://www.gstatic.com' }],
  [421, { peer: PHONE, hosts: ['evil.com'] }],
  [421, { peer: PHONE, hosts: ['192.168.1.5.nip.io'] }],
  [403, { peer: PHONE, hosts: ['192.168.1.5:6969'], origin: EVIL, method: POST, path: '/sessions' }],
]);

const DEVICE = { peer: PHONE, hosts: AT_HOME, origin: 'https://www.gstatic.com' };
const CASTABLE = [
  `/sessions/${SESSION}/stream`,
  `/sessions/${SESSION}/stream.m3u8`,
  PLAYLIST,
  `/sessions/${SESSION}/stream/segment-a0-00001.ts`,
  `/sessions/${SESSION}/stream/9bT4mSDF0-_aaaaaaaaaaa.key`,
  `/sessions/${SESSION}/original/playlist.m3u8`,
  `/sessions/${SESSION}/original/init.mp4`,
  `/sessions/${SESSION}/1080p/segment00012.m4s`,
  `/sessions/${SESSION}/audio-0/segment00012.m4s`,
  `/sessions/${SESSION}/subtitles/0.vtt`,
];
const NOT_CASTABLE = [
  '/',
  '/sessions',
  `/sessions/${SESSION}`,
  `/sessions/${SESSION}/`,
  `/sessions/${SESSION}/clips`,
  `/sessions/${SESSION}/audio`,
  `/sessions/${SESSION}/stream/../../x`,
  `/sessions/${SESSION}//stream.m3u8`,
  `/sessions/${SESSION}/%73tream.m3u8`,
  `/sessions/../${SESSION}/stream.m3u8`,
  '/torrents/0123',
  '/cast/devices',
  '/cleanup',
  '/metrics',
  '/openapi.json',
];

table('a cast token opens what plays its session, and nothing else', LAN, [
  ...CASTABLE.flatMap((path): Row[] => [
    ['cast', { ...DEVICE, path, castToken: GOOD }],
    [401, { ...DEVICE, path, castToken: 'bad' }],
  ]),
  ...NOT_CASTABLE.map((path): Row => [403, { ...DEVICE, path, castToken: GOOD }]),
  ['cast', { ...DEVICE, path: PLAYLIST, castToken: GOOD, method: HEAD }],
  ['cast', { ...DEVICE, path: PLAYLIST, castToken: GOOD, method: OPTIONS }],
  ['cast', { ...DEVICE, path: PLAYLIST, castToken: GOOD, fetchSite: 'cross-site' }],
  ['cast', { path: PLAYLIST, castToken: GOOD }, 'from this machine too'],
  [401, { path: PLAYLIST, castToken: 'bad' }, 'from this machine too'],
  [401, { ...DEVICE, path: PLAYLIST, castToken: '' }],
  [401, { ...DEVICE, path: `/sessions/${OTHER}/stream.m3u8`, castToken: GOOD }],
  [401, { path: `/sessions/${OTHER}/stream.m3u8`, castToken: GOOD }],
  [401, { ...DEVICE, path: '/', castToken: 'bad' }],
  [403, { ...DEVICE, path: PLAYLIST, castToken: GOOD, method: POST }],
  [403, { ...DEVICE, path: PLAYLIST, castToken: GOOD, method: DELETE }],
  [403, { ...DEVICE, path: '/sessions', castToken: GOOD, method: POST }],
  [403, { ...DEVICE, path: `/sessions/${SESSION}`, castToken: GOOD, method: DELETE }],
]);

const PAIRED_PHONE = { peer: PHONE, hosts: AT_HOME };

table('a paired device has the whole API', PAIRED, [
  ['paired', { ...PAIRED_PHONE, lanToken: LAN_TOKEN }],
  ['paired', { ...PAIRED_PHONE, lanToken: LAN_TOKEN, method: POST, path: '/sessions' }],
  ['paired', { ...PAIRED_PHONE, lanToken: LAN_TOKEN, method: DELETE, path: `/sessions/${SESSION}` }],
  ['paired', { ...PAIRED_PHONE, lanToken: LAN_TOKEN, method: POST, path: '/cast/token' }],
  ['paired', { ...PAIRED_PHONE, lanToken: LAN_TOKEN, path: '/sessions' }],
  ['paired', { ...PAIRED_PHONE, lanToken: LAN_TOKEN, origin: 'null', method: POST, path: '/sessions' }],
  ['paired', { ...PAIRED_PHONE, peer: '100.64.3.3', lanToken: LAN_TOKEN }],
  [401, { ...PAIRED_PHONE, lanToken: 'bad' }],
  [401, { lanToken: 'bad' }],
  [421, { ...PAIRED_PHONE, hosts: ['evil.com'], lanToken: LAN_TOKEN }],
  [403, PAIRED_PHONE],
  ['paired', { ...PAIRED_PHONE, lanCookie: LAN_TOKEN }],
  [403, { ...PAIRED_PHONE, lanCookie: 'old' }],
  [
    'paired',
    { ...PAIRED_PHONE, lanCookie: LAN_TOKEN, origin: 'http://192.168.1.5:6969', method: POST, path: '/sessions' },
  ],
  [403, { ...PAIRED_PHONE, lanCookie: LAN_TOKEN, origin: EVIL, method: POST, path: '/sessions' }],
  [403, { ...PAIRED_PHONE, lanCookie: LAN_TOKEN, origin: 'null', method: POST, path: '/sessions' }],
  [403, { ...PAIRED_PHONE, lanCookie: LAN_TOKEN, fetchSite: 'cross-site', method: POST, path: '/sessions' }],
]);

table('an open network is the home network, and some things stay with the owner', OPEN, [
  ['open', PAIRED_PHONE],
  ['open', { ...PAIRED_PHONE, method: POST, path: '/sessions' }],
  ['open', { ...PAIRED_PHONE, path: PLAYLIST }],
  ['open', { ...PAIRED_PHONE, method: DELETE, path: `/sessions/${SESSION}` }],
  ['open', { ...PAIRED_PHONE, peer: 'fd12::1' }],
  ['open', { ...PAIRED_PHONE, peer: 'fe80::1%eth0' }],
  ['open', { ...PAIRED_PHONE, peer: '169.254.3.4' }],
  ['open', { ...PAIRED_PHONE, peer: '10.0.0.9' }],
  ['open', { ...PAIRED_PHONE, peer: '172.17.0.1' }],
  [403, { ...PAIRED_PHONE, peer: '8.8.8.8' }],
  [403, { ...PAIRED_PHONE, peer: '2a00::1' }],
  [403, { ...PAIRED_PHONE, peer: '172.32.0.1' }],
  [403, { ...PAIRED_PHONE, peer: '224.0.0.1' }],
  [403, { ...PAIRED_PHONE, path: '/sessions' }],
  [403, { ...PAIRED_PHONE, path: '/torrents' }],
  [403, { ...PAIRED_PHONE, path: '/metrics' }],
  [403, { ...PAIRED_PHONE, path: '/cast/devices' }],
  [403, { ...PAIRED_PHONE, path: '/cast/token', method: POST }],
  [403, { ...PAIRED_PHONE, path: '/casting' }],
  [403, { ...PAIRED_PHONE, path: `/sessions/${SESSION}/clip`, method: POST }],
  [403, { ...PAIRED_PHONE, path: `/sessions/${SESSION}/clips` }],
  ['open', { ...PAIRED_PHONE, path: '/sessions/clip/stream.m3u8' }],
  [403, { ...PAIRED_PHONE, origin: EVIL, method: POST, path: '/sessions' }],
  [421, { ...PAIRED_PHONE, hosts: ['evil.com'] }],
  ['local', { path: '/metrics' }],
]);
