import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  chooseRelayedAudio,
  playlistSeconds,
  relayedAudio,
  withStart,
} from '../../../src/presentation/relay/relayed-text.ts';

const MULTIVARIANT = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="lo",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="en-lo.m3u8"
#EXT-X-MEDIA:DEFAULT=NO,TYPE=AUDIO,GROUP-ID="lo",NAME="Deutsch",LANGUAGE="de",URI="de-lo.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="English",LANGUAGE="en",DEFAULT=YES,CHANNELS="6",URI="en-hi.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=NO,DEFAULT=NO,URI="de-hi.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",DEFAULT=NO,URI="s.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="lo"
v.m3u8
`;

test('renditions of several groups are one track', () => {
  assert.deepEqual(
    relayedAudio(MULTIVARIANT).map(({ language, title }) => [language, title]),
    [
      ['en', 'English'],
      ['de', 'Deutsch'],
    ],
  );
});

test('a chosen track is the default of every group, and nothing else changes', () => {
  const lines = chooseRelayedAudio(MULTIVARIANT, 1).split('\n');
  assert.deepEqual(
    lines.slice(1, 6).map((line) => /DEFAULT=YES/u.test(line)),
    [false, true, false, true, false],
  );
  assert.equal(
    lines[2],
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="lo",NAME="Deutsch",LANGUAGE="de",URI="de-lo.m3u8",DEFAULT=YES,AUTOSELECT=YES',
  );
  assert.equal(lines[5], MULTIVARIANT.split('\n')[5]);
  assert.ok(lines.every((line) => !/,,|:,|,$/u.test(line)));
});

test('the duration is the sum of the segments, and unknown while the stream is live', () => {
  const media = '#EXTM3U\n#EXTINF:4.5,\na\n#EXTINF:6,title\nb\n';
  assert.equal(playlistSeconds(media), undefined);
  assert.equal(playlistSeconds(`${media}#EXT-X-ENDLIST\n`), 10.5);
});

test('there is one start tag, right after the header', () => {
  const text = withStart('#EXTM3U\r\n#EXT-X-VERSION:3\r\n#EXT-X-START:TIME-OFFSET=0\r\n', 12);
  assert.deepEqual(text.split('\n'), [
    '#EXTM3U',
    '#EXT-X-START:TIME-OFFSET=12.000,PRECISE=YES',
    '#EXT-X-VERSION:3',
    '',
  ]);
});
