import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Bonjour, Service } from 'bonjour-service';

import { createLogger } from '../../src/base/logger.ts';
import { namedDevices } from '../../src/cast/cast-device.ts';
import { Casting } from '../../src/cast/casting.ts';
import { deviceOf, DeviceSearch } from '../../src/cast/device-search.ts';
import { facingAddress } from '../../src/cast/facing-address.ts';

const ignore = () => undefined;
const NEVER = new AbortController().signal;
const LOOPBACK = { interface: '127.0.0.1' };

/** A port for a small mDNS of our own. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

function quiet(lines: string[] = []) {
  return createLogger('info', { write: (line) => lines.push(line) });
}

/** Devices that answer on loopback. */
async function advertised(port: number, names: string[]): Promise<AsyncDisposable> {
  const bonjour = new Bonjour(Object.assign({ port, bind: '0.0.0.0' }, LOOPBACK));
  for (const [index, name] of names.entries()) {
    const txt = { id: `0123abc${index}`, fn: name, md: 'Chromecast' };
    const service = {
      name: `Chromecast-${index}`,
      type: 'googlecast',
      port: 8009 + index,
      probe: false,
      host: 'cast.local',
      txt,
    };
    // Its addresses are those of the machine; what counts here is that it is found.
    bonjour.publish({ ...service, disableIPv6: true });
  }
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        bonjour.unpublishAll(() => bonjour.destroy(() => resolve()));
      }),
  };
}

test('devices are looked for when somebody asks, under the names people gave them', async () => {
  const port = await freePort();
  await using _devices = await advertised(port, ['Wohnzimmer 📺', 'Küche']);
  const casting = new Casting({
    devices: [{ name: 'Living room', host: '10.0.0.9', port: 8009 }],
    discovery: { ...LOOPBACK, port },
    log: quiet(),
  });
  try {
    const devices = await casting.devices(NEVER);
    assert.deepEqual(
      devices.map(({ id, name, model, port: at }) => [id, name, model, at]),
      [
        ['living-room', 'Living room', '', 8009],
        ['0123abc0', 'Wohnzimmer 📺', 'Chromecast', 8009],
        ['0123abc1', 'Küche', 'Chromecast', 8010],
      ],
    );
    assert.ok(devices.every(({ host }) => host !== ''));
    assert.equal((await casting.player('0123abc1', NEVER)).device.name, 'Küche');
  } finally {
    casting[Symbol.dispose]();
  }
});

test('nothing is opened before somebody asks, and nothing stays open after', async () => {
  const port = await freePort();
  const search = new DeviceSearch({ ...LOOPBACK, port, log: quiet() });
  assert.equal(search.isRunning, false);
  assert.deepEqual(await search.devices(NEVER), []);
  assert.equal(search.isRunning, true);
  search[Symbol.dispose]();
  assert.equal(search.isRunning, false);
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  await once(socket, 'listening');
  socket.close();
});

test('a machine on which the search fails has no devices, and logs one warning', async () => {
  const port = await freePort();
  // Somebody else has the port and does not share it.
  const socket = createSocket({ type: 'udp4', reuseAddr: false });
  socket.bind({ port, address: '127.0.0.1', exclusive: true });
  await once(socket, 'listening');
  const log: string[] = [];
  const search = new DeviceSearch({ ...LOOPBACK, port, log: quiet(log) });
  assert.deepEqual(await search.devices(NEVER), []);
  assert.deepEqual(await search.devices(NEVER), []);
  search[Symbol.dispose]();
  socket.close();
  assert.equal(log.filter((line) => line.includes('searching for cast devices failed')).length, 1);
});

test('packets that are no mDNS change nothing', async () => {
  const port = await freePort();
  await using _devices = await advertised(port, ['TV']);
  const search = new DeviceSearch({ ...LOOPBACK, port, log: quiet() });
  const asking = search.devices(NEVER);
  const socket = createSocket('udp4');
  for (let count = 0; count < 300; count += 1) {
    // A header that promises answers, then noise.
    const bytes = Buffer.concat([Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 9, 0, 0, 0, 9]), randomBytes(count)]);
    await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve));
  }
  socket.close();
  assert.deepEqual(
    (await asking).map(({ name }) => name),
    ['TV'],
  );
  search[Symbol.dispose]();
});

test('an announcement leads into the home network or to who made it, never elsewhere', () => {
  const announced = (addresses: string[], from: string, more: object = {}) => {
    const referer = { address: from, family: 'IPv4', port: 5353, size: 100 };
    const service = { name: 'TV', port: 8009, addresses, referer, txt: { id: 'AB-12', fn: 'TV', md: 'X' }, ...more };
    return deviceOf(Object.assign(new Service({ name: 'TV', type: 'googlecast', port: 1 }, ignore, ignore), service));
  };
  assert.deepEqual(announced(['fe80::1', '192.168.1.20'], '192.168.1.20'), {
    id: 'ab-12',
    name: 'TV',
    model: 'X',
    host: '192.168.1.20',
    port: 8009,
  });
  assert.equal(announced(['10.0.0.7'], '192.168.1.1')?.host, '10.0.0.7', 'through a reflector');
  assert.equal(announced(['127.0.0.1'], '127.0.0.1')?.host, '127.0.0.1', 'on this machine');
  for (const address of ['127.0.0.1', '::1', '8.8.8.8', '169.254.169.254', '0.0.0.0', '224.0.0.251', 'localhost', '']) {
    assert.equal(announced([address], '192.168.1.66'), undefined, address);
  }
  for (const wrong of [{ port: 0 }, { port: 70_000 }, { txt: undefined, name: '---' }, { addresses: undefined }]) {
    assert.equal(announced(['192.168.1.20'], '192.168.1.20', wrong), undefined, JSON.stringify(wrong));
  }
});

test('devices of the configuration get ids from their names', () => {
  const at = { host: '10.0.0.1', port: 1 };
  const ids = ['Living Room', 'living-room', '📺', 'Küche', '📺'].map((name) => ({ name, ...at }));
  assert.deepEqual(
    namedDevices(ids).map(({ id }) => id),
    ['living-room', 'living-room-2', 'device', 'kuche', 'device-2'],
  );
});

test('the address a device sees is that of the way to it', async () => {
  assert.equal(await facingAddress('127.0.0.1'), '127.0.0.1');
  assert.equal(await facingAddress('::1'), '::1');
  assert.equal(await facingAddress('nowhere.invalid'), undefined);
});
