// What a WebRTC peer says about where it is: packets go to allowed addresses, and to no others.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import Peer from '@thaunknown/simple-peer/lite.js';

import { mendWebRtc } from '../../../../src/sources/torrent/engine/web-rtc.ts';
import { until } from '../running-engine.ts';

test('a candidate at an address that is not allowed, or at a name, gets no packet', async (t) => {
  const canary = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => canary.close());
  await once(canary, 'listening');
  let packets = 0;
  canary.on('message', () => (packets += 1));
  const allowed = new Set<string>();
  mendWebRtc((address) => allowed.has(address));
  const { port } = canary.address();
  const meet = async (): Promise<void> => {
    const options = { trickle: false, config: { iceServers: [] } };
    const [stranger, own] = [new Peer({ ...options, initiator: true }), new Peer(options)];
    for (const peer of [stranger, own]) t.after(() => peer.destroy());
    const offer = await new Promise<{ type: string; sdp: string }>((resolve) => stranger.once('signal', resolve));
    const lines = offer.sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate'));
    const candidate = (host: string, count: number) => `a=candidate:${count} 1 UDP 2122317823 ${host} ${port} typ host`;
    const sdp = [...lines.filter((line) => line !== ''), candidate('127.0.0.1', 7), candidate('localhost', 8), ''];
    own.signal({ ...offer, sdp: sdp.join('\r\n') });
  };
  await meet();
  await delay(1500);
  assert.equal(packets, 0);
  allowed.add('127.0.0.1');
  await meet();
  await until('the canary sings', () => packets > 0);
});
