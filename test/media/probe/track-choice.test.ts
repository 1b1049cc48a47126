// Which tracks make the presentation: one video, and the audio and subtitles of its programme.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ContainerIndex, VideoIndex } from '../../../src/media/index/container/container-index.ts';
import type { SourceTracks, SubtitleTrack, VideoCandidate } from '../../../src/media/model/description.ts';
import { chooseTracks } from '../../../src/media/probe/track-choice.ts';
import { AUDIO, VIDEO } from '../../support/facts/media-facts.ts';

function video(streamIndex: number, isDefault = false): VideoCandidate {
  const evidence = { isDefault, isStillCodec: false, frameCount: undefined, durationSeconds: undefined };
  return { track: { ...VIDEO, streamIndex }, evidence };
}

function subtitle(streamIndex: number): SubtitleTrack {
  return { streamIndex, codec: 'subrip', language: 'eng', title: '', isDefault: false, isForced: false };
}

interface Source {
  videos?: VideoCandidate[];
  audio?: number[];
  subtitles?: number[];
}

function tracksOf({ videos = [], audio = [], subtitles = [] }: Source): SourceTracks {
  return {
    container: 'mpegts',
    durationSeconds: 60,
    videos,
    audio: audio.map((streamIndex) => ({ ...AUDIO, streamIndex })),
    subtitles: subtitles.map(subtitle),
  };
}

const VIDEO_INDEX: VideoIndex = {
  streamIndex: 0,
  timeBase: VIDEO.timeBase,
  keyframes: [0],
  gopStarts: undefined,
  startTicks: undefined,
  endTicks: undefined,
  isEdited: false,
  positions: undefined,
  isCutShort: false,
  isExact: true,
  frameRate: undefined,
  frameCount: undefined,
  hasChanges: false,
  readHeads: undefined,
};

/** `video`: the number of the stream that the index describes. */
function indexOf({ video: own, programmes }: { video?: number; programmes?: number[][] }): ContainerIndex {
  return {
    container: 'mpegts',
    durationSeconds: undefined,
    video: own === undefined ? undefined : { ...VIDEO_INDEX, streamIndex: own },
    chapters: [],
    ...(programmes && { programmes: programmes.map((streams) => new Set(streams)) }),
  };
}

type Chosen = [video: number | undefined, audio: number[], subtitles: number[]];

const TWO = [
  [1, 2, 3],
  [4, 5, 6],
];
const BOTH: Source = { videos: [video(1), video(4, true)], audio: [2, 5], subtitles: [3, 6] };

suite('chosen tracks', () => {
  const ROWS: { what: string; source: Source; index?: Parameters<typeof indexOf>[0]; expected: Chosen }[] = [
    { what: 'without an index the evidence decides', source: BOTH, expected: [4, [2, 5], [3, 6]] },
    { what: 'the video of the index', source: BOTH, index: { video: 1 }, expected: [1, [2, 5], [3, 6]] },
    { what: 'an index of another stream', source: BOTH, index: { video: 9 }, expected: [4, [2, 5], [3, 6]] },
    { what: 'an index without video', source: BOTH, index: {}, expected: [4, [2, 5], [3, 6]] },
    {
      what: 'one programme: all streams',
      source: BOTH,
      index: { programmes: [[1, 2]] },
      expected: [4, [2, 5], [3, 6]],
    },
    { what: 'the programme of the video', source: BOTH, index: { programmes: TWO }, expected: [4, [5], [6]] },
    {
      what: 'the programme of the video of the index',
      source: BOTH,
      index: { video: 1, programmes: TWO },
      expected: [1, [2], [3]],
    },
    {
      what: 'a stream of two programmes belongs to both',
      source: BOTH,
      index: {
        programmes: [
          [1, 2],
          [4, 2, 5],
        ],
      },
      expected: [4, [2, 5], [3, 6]],
    },
    {
      what: 'streams of no programme belong to each',
      source: { ...BOTH, audio: [2, 5, 7], subtitles: [3, 6, 8] },
      index: { programmes: TWO },
      expected: [4, [5, 7], [6, 8]],
    },
    {
      what: 'the video belongs to no programme: all streams',
      source: { ...BOTH, videos: [video(9)] },
      index: { programmes: TWO },
      expected: [9, [2, 5], [3, 6]],
    },
    {
      what: 'without video the first programme with audio',
      source: { audio: [5, 8], subtitles: [3, 6] },
      index: { programmes: [...TWO, [8]] },
      expected: [undefined, [5], [6]],
    },
    {
      what: 'without video and audio: all streams',
      source: { subtitles: [3, 6] },
      index: { programmes: TWO },
      expected: [undefined, [], [3, 6]],
    },
    { what: 'nothing', source: {}, expected: [undefined, [], []] },
  ];
  for (const { what, source, index, expected } of ROWS)
    test(what, () => {
      const chosen = chooseTracks(tracksOf(source), index && indexOf(index));
      const numbers = (tracks: { streamIndex: number }[]) => tracks.map(({ streamIndex }) => streamIndex);
      assert.deepEqual([chosen.video?.streamIndex, numbers(chosen.audio), numbers(chosen.subtitles)], expected);
    });

  test('the rest of the description stays, without the candidates', () => {
    const { videos: _, audio, subtitles, ...rest } = tracksOf(BOTH);
    assert.deepEqual(chooseTracks(tracksOf(BOTH), undefined), { ...rest, video: video(4).track, audio, subtitles });
  });
});
