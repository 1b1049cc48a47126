// The first bytes of keyframes as the tables lead to them, against what libavformat's demuxer reads there.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isDecodingStart } from '../../../src/media/bitstream/decoding-start.ts';
import { readContainerIndex } from '../../../src/media/index/read-container-index.ts';
import { made } from '../../support/clips/clip-cache.ts';
import { BOOK } from '../../support/clips/clip-recipes.ts';
import { clip } from '../../support/clips/clips.ts';
import { readClip, streamOf } from '../../support/workers/real-packets.ts';
import { ID } from '../../../src/media/index/matroska/matroska-ids.ts';
import { CountedBytes } from './counted-bytes.ts';
import { element, float, number, text } from './matroska-synthetic.ts';
import { TemporaryClips } from './temporary-clips.ts';

const clips = await TemporaryClips.create();
after(() => clips[Symbol.asyncDispose]());

const EBML = element(ID.ebml, text(ID.docType, 'matroska'));
const PICTURE = await made(BOOK, 'video-main');

/** What the index says of each keyframe, asserted to be the start of the packet with that time; with how much was read for it. */
async function headsOf(path: string): Promise<{ isStart: (boolean | undefined)[]; mostBytes: number }> {
  const bytes = await CountedBytes.of(path);
  const index = await readContainerIndex(bytes);
  assert.ok(index?.video?.readHeads);
  const video = streamOf(readClip(path), 'video');
  const codec = /^(?:avc|h264)/i.test(video.codecString ?? '')
    ? 'h264'
    : /^(?:hvc|hev)/i.test(video.codecString ?? '')
      ? 'hevc'
      : 'vp9';
  const isStart: (boolean | undefined)[] = [];
  let mostBytes = 0;
  for (const keyframe of index.video.keyframes) {
    const before = bytes.readBytes;
    const head: Uint8Array | undefined = (await index.video.readHeads([keyframe]))[0];
    mostBytes = Math.max(mostBytes, bytes.readBytes - before);
    const packet = video.samples.find((sample) => sample.pts === keyframe);
    assert.ok(head && packet, `${keyframe}`);
    assert.ok(head.length === packet.data.length || head.length === 8192, `${head.length} bytes`);
    assert.ok(Buffer.from(packet.data.subarray(0, head.length)).equals(head), `${keyframe}`);
    const verdict = isDecodingStart(head, { codec, configuration: video.extradata });
    assert.equal(verdict, isDecodingStart(packet.data, { codec, configuration: video.extradata }));
    isStart.push(verdict);
  }
  assert.deepEqual(await index.video.readHeads([-5]), [undefined]);
  return { isStart, mostBytes };
}

for (const name of [
  'mp4-faststart',
  'mp4-moov-last',
  'mkv-two-audio',
  'mkv-start-37.5',
  'webm-vp9-opus',
  'hevc-open-gop-10bit',
] as const) {
  test(`${name}: every keyframe is where the tables say, and decoding can start there`, async () => {
    const { isStart, mostBytes } = await headsOf(await clip(name));
    assert.ok(isStart.length > 0 && isStart.every((verdict) => verdict === true), isStart.join());
    assert.ok(mostBytes <= 64 * 1024, `${mostBytes}`);
  });
}

test('the recovery points of an open GOP are told from starts', async () => {
  const { isStart } = await headsOf(await clip('h264-open-gop'));
  assert.ok(isStart.slice(1).includes(false), isStart.join());
});

test('cues that only name clusters lead there too', async () => {
  // The muxer states no place in a cluster where clusters hold one block each.
  const path = await clips.make('small-clusters.mkv', '-i', PICTURE, '-c', 'copy', '-cluster_time_limit', '1');
  assert.ok((await headsOf(path)).isStart.every((verdict) => verdict === true));
});

/** Payload of a block of track 2: time from the cluster's, flags, the frame's bytes. */
function block(time: number, flags: number, frame: string): Buffer {
  return element(ID.simpleBlock, Buffer.from([0x82, time >> 8, time & 0xff, flags]), Buffer.from(frame));
}

function cue(time: number, cluster: number, inCluster?: number): Buffer {
  const place = [number(ID.cueTrack, 2), number(ID.cueClusterPosition, cluster)];
  if (inCluster !== undefined) place.push(number(ID.cueRelativePosition, inCluster));
  return element(ID.cuePoint, number(ID.cueTime, time), element(ID.cueTrackPositions, ...place));
}

const KEY = 0x80;
const LACED = 0x06;

async function syntheticHeads(
  keyframes: number[],
  cuesOf: (cluster: number) => Buffer[],
  encodings: Buffer[] = [],
): Promise<(string | undefined)[] | undefined> {
  const info = element(ID.info, number(ID.timestampScale, 1_000_000), float(ID.duration, 60_000));
  const entry = [number(ID.trackNumber, 2), number(ID.trackType, 1), text(ID.codecId, 'V_TEST'), ...encodings];
  const tracks = element(ID.tracks, element(ID.trackEntry, ...entry));
  const children = [
    number(ID.timestamp, 1000),
    block(0, KEY, 'first'),
    block(40, 0, 'no key'),
    block(80, KEY | LACED, 'laced'),
    block(120, KEY, 'fourth'),
  ];
  const cluster = element(ID.cluster, ...children);
  // Numbers take eight bytes, whatever they are.
  const cuesBytes = element(ID.cues, ...cuesOf(0)).length;
  const cues = element(ID.cues, ...cuesOf(info.length + tracks.length + cuesBytes));
  const film = Buffer.concat([EBML, element(ID.segment, info, tracks, cues, cluster)]);
  const index = await readContainerIndex(new CountedBytes(film));
  const heads = await index?.video?.readHeads?.(keyframes);
  return heads?.map((head) => head && Buffer.from(head).toString());
}

test('places within a cluster are followed, and the cluster is searched where there is none', async () => {
  const cuesOf = (cluster: number) => [cue(1000, cluster), cue(1120, cluster)];
  assert.deepEqual(await syntheticHeads([1000, 1120], cuesOf), ['first', 'fourth']);
  const placed = (cluster: number) => [cue(1000, cluster, number(ID.timestamp, 1000).length), cue(1120, cluster, 2)];
  assert.deepEqual(await syntheticHeads([1120, 1000], placed), [undefined, 'first']);
});

test('a cue that leads to something else, and laced frames, are left to a demuxer', async () => {
  const cuesOf = (cluster: number) => [cue(1000, cluster + 1), cue(1040, cluster), cue(1080, cluster), cue(1120, 5)];
  assert.deepEqual(await syntheticHeads([1000, 1040, 1080, 1120], cuesOf), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(await syntheticHeads([1000], (cluster) => [cue(1000, 9_000_000 + cluster)]), [undefined]);
});

test('frames that are not stored as they are are left to a demuxer', async () => {
  const stripped = element(ID.contentEncodings, element(ID.contentEncoding, number(ID.contentEncodingOrder, 0)));
  assert.equal(await syntheticHeads([1000], (cluster) => [cue(1000, cluster)], [stripped]), undefined);
});
