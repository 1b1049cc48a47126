// What a WebRTC peer says about where it is: packets go to allowed addresses, and to no others.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import Peer from '@thaunknown/simple-peer/lite.js';

import { patchWebRtc } from '../../src/torrent-engine/webtorrent/web-rtc.ts';
import { until } from '../sources/torrent/running-engine.ts';

/** Where the policy would let packets go. */
const DECOY = '192.0.2.1';
/** Lines that lead to the port of loopback, or would if they were read in one way and checked in another. */
const LINES: Record<string, (port: number) => string> = {
  'an address': (port) => `a=candidate:7 1 UDP 2122317823 127.0.0.1 ${port} typ host`,
  'a name': (port) => `a=candidate:8 1 UDP 2122317823 localhost ${port} typ host`,
  tabs: (port) => `a=candidate:7\t1\tUDP\t2122317823\t127.0.0.1\t${port} typ host raddr ${DECOY} rport 0`,
  'vertical tabs': (port) => `a=candidate:7\v1\vUDP\v2122317823\v127.0.0.1\v${port} typ host raddr ${DECOY} rport 0`,
  'carriage returns': (port) => `a=candidate:7\r1\rUDP\r2122317823\r127.0.0.1\r${port} typ host raddr ${DECOY} rport 0`,
  'a carriage return in a word': (port) => `a=cand\ridate:7 1 UDP 2122317823 127.0.0.1 ${port} typ host`,
  'spaces that do not break': (port) =>
    `a=candidate:7\u00A01\u00A0UDP\u00A01\u00A0${DECOY} 1 UDP 2122317823 127.0.0.1 ${port} typ host`,
};

test('a candidate at an address that is not allowed, or at a name, gets no packet, however it is written', async (t) => {
  const allowed = new Set([DECOY]);
  patchWebRtc((address) => allowed.has(address));
  const options = { trickle: false, config: { iceServers: [] } };
  const stranger = new Peer({ ...options, initiator: true });
  t.after(() => stranger.destroy());
  const offer = await new Promise<{ type: string; sdp: string }>((resolve) => stranger.once('signal', resolve));
  const others = offer.sdp.split('\r\n').filter((line) => line !== '' && !line.startsWith('a=candidate'));

  const meet = async (lineTo: (port: number) => string): Promise<() => number> => {
    const canary = createSocket('udp4').bind(0, '127.0.0.1');
    t.after(() => canary.close());
    await once(canary, 'listening');
    let packets = 0;
    canary.on('message', () => (packets += 1));
    const own = new Peer(options);
    t.after(() => own.destroy());
    own.signal({ ...offer, sdp: [...others, lineTo(canary.address().port), ''].join('\r\n') });
    return () => packets;
  };

  const met = Object.entries(LINES).map(async ([name, lineTo]) => ({ name, packets: await meet(lineTo) }));
  const canaries = await Promise.all(met);
  await delay(1500);
  assert.deepEqual(
    canaries.filter(({ packets }) => packets() > 0).map(({ name }) => name),
    [],
  );
  allowed.add('127.0.0.1');
  const packets = await meet((port) => `a=candidate:7 1 UDP 2122317823 127.0.0.1 ${port} typ host`);
  await until('the canary sings', () => packets() > 0);
});
