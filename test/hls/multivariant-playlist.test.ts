import assert from 'node:assert/strict';
import { test } from 'node:test';

import { multivariantPlaylist, type PlaylistAudio, type PlaylistVariant } from '../../src/hls/multivariant-playlist.ts';
import { assertGolden } from './golden-text.ts';

const original: PlaylistVariant = {
  name: 'original',
  bandwidth: 8_000_000.2,
  averageBandwidth: 5_100_000,
  codecs: 'hvc1.2.4.L120.B0,mp4a.40.2',
  width: 1920,
  height: 804,
  frameRate: 24_000 / 1001,
  videoRange: 'PQ',
};
const small: PlaylistVariant = {
  ...original,
  name: '480p',
  bandwidth: 1_400_000,
  averageBandwidth: 1_200_000,
  codecs: 'avc1.64001e,mp4a.40.2',
  width: 854,
  height: 358,
  videoRange: 'SDR',
};

function audio(name: string, language: string, title = ''): PlaylistAudio {
  return { name, track: { language, title, role: 'main' }, channels: 2 };
}

function playlist(options: Partial<Parameters<typeof multivariantPlaylist>[0]>): string {
  return multivariantPlaylist({
    variants: [original, small],
    audio: [audio('audio-0', 'ger'), audio('audio-1', 'eng')],
    defaultAudio: 1,
    isIndependent: true,
    playlistUri: (name) => `${name}/playlist.m3u8`,
    ...options,
  });
}

test('variants and their audio group', () => {
  assertGolden('multivariant.m3u8', playlist({}));
});

test('the wished quality comes first, and the start is said once', () => {
  assertGolden('multivariant-480p-start.m3u8', playlist({ firstVariant: '480p', startSeconds: 61.5 }));
});

test('a description of the picture says so, and a commentary is never chosen by itself', () => {
  const sounds = [audio('a', 'eng'), audio('b', 'eng', 'Description'), audio('c', 'eng', 'Commentary')];
  const roles = ['main', 'description', 'commentary'] as const;
  const text = playlist({
    defaultAudio: 0,
    audio: sounds.map((sound, at) => ({ ...sound, track: { ...sound.track, role: roles[at] ?? 'main' } })),
  });
  const [main = '', description = '', commentary = ''] = text.split('\n').filter((line) => line.includes('TYPE=AUDIO'));
  assert.doesNotMatch(main, /CHARACTERISTICS/u);
  assert.match(description, /AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.describes-video"/u);
  assert.match(commentary, /AUTOSELECT=NO/u);
});

test('a silent film has no audio group', () => {
  const text = playlist({ audio: [] });
  assert.doesNotMatch(text, /AUDIO/u);
});

test('sound alone is a variant without a picture', () => {
  const sound: PlaylistVariant = {
    ...original,
    name: 'audio-0',
    codecs: 'mp4a.40.2',
    width: undefined,
    height: undefined,
    frameRate: undefined,
    videoRange: undefined,
  };
  assertGolden('multivariant-audio-only.m3u8', playlist({ variants: [sound], audio: [audio('audio-0', 'und')] }));
});

test('names stay unique and harmless whatever the container says', () => {
  const text = playlist({
    audio: [
      audio('a', 'und', 'The "Best"\r\n#EXT-X-ENDLIST'),
      audio('b', 'und', 'Stereo'),
      audio('c', 'xx-nonsense-', 'Stereo'),
      audio('d', 'und'),
    ],
  });
  assert.deepEqual(attributes(text, 'NAME'), ["The 'Best' #EXT-X-ENDLIST", 'Stereo', 'Stereo (2)', 'Audio 4']);
  assert.deepEqual(attributes(text, 'LANGUAGE'), []);
  assert.equal(text.split('\n').filter((line) => line === '#EXT-X-ENDLIST').length, 0);
});

test('exactly one rendition of the group is the default, even when the wish is out of range', () => {
  for (const defaultAudio of [0, 1, 7, -1]) {
    assert.equal(playlist({ defaultAudio }).match(/DEFAULT=YES/gu)?.length, 1);
  }
});

test('languages are BCP 47 tags', () => {
  const languages = ['eng', 'ger', 'fre', 'chi', 'pt-BR', 'pt_br', 'und', '', '???'];
  const text = playlist({ audio: languages.map((language, index) => audio(`audio-${index}`, language)) });
  assert.deepEqual(attributes(text, 'LANGUAGE'), ['en', 'de', 'fr', 'zh', 'pt-BR', 'pt-BR']);
});

function attributes(text: string, name: string): (string | undefined)[] {
  return [...text.matchAll(new RegExp(`[,:]${name}="([^"]*)"`, 'gu'))].map((match) => match[1]);
}
