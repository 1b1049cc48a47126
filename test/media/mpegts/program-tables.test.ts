// PAT and PMT as ffmpeg's muxer writes them for the same streams and numbers, up to the stuffing.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { PACKET_BYTES, programTables } from '../../../src/media/mpegts/program-tables.ts';

const ASSOCIATION = '4740001000' + '00b00d0001c100000001f0002ab104b2';

suite('program tables', () => {
  const ROWS: { what: string; program: { hasVideo: boolean; hasAudio: boolean }; map: string }[] = [
    {
      what: 'H.264 and AAC',
      program: { hasVideo: true, hasAudio: true },
      map: '02b0170001c10000e100f0001be100f0000fe101f0002f44b99b',
    },
    { what: 'H.264', program: { hasVideo: true, hasAudio: false }, map: '02b0120001c10000e100f0001be100f00015bd4d56' },
    {
      what: 'AAC, which then has the clock',
      program: { hasVideo: false, hasAudio: true },
      map: '02b0120001c10000e101f0000fe101f000ece2b094',
    },
  ];
  for (const { what, program, map } of ROWS)
    test(what, () => {
      const packets = [ASSOCIATION, `4750001000${map}`];
      const expected = packets.map((hex) => hex.padEnd(2 * PACKET_BYTES, 'f')).join('');
      assert.equal(programTables(program).toString('hex'), expected);
    });
});
