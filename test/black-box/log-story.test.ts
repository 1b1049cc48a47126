// The log at level `debug`: a segment can be followed from its request to its reply.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { magnetLink, openTorrent } from '../support/peers/torrent-stage.ts';
import { clip } from '../support/clips/clips.ts';
import { sampleBytes } from '../support/servers/fault-server.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, openSession } from '../support/viewers/viewer.ts';

const COPIED = [
  'session created',
  'source opened',
  'segment is missing in the store',
  'segment work begins',
  'segment claimed, job sent to a worker',
  'segment published',
  'segment answered',
];

test('the log shows a segment from its request to its reply, and an encoder from its start to its end', async () => {
  await using server = await startServer({ env: { RAFFI_LOG_LEVEL: 'debug' } });
  const { url } = await openSession(server.url, await clip('mp4-faststart'));
  await bytesOf(`${url}/original/segment00001.m4s`);
  const told = (story: string[]) => until(() => tells(messagesOf(server.output()), story), server);
  await until(() => tells(messagesOf(server.output(), { rendition: 'original', number: 1 }), COPIED), server);
  await bytesOf(`${url}/original/segment00001.m4s`);
  await told([...COPIED, 'segment found in the store', 'segment answered']);
  await bytesOf(`${url}/360p/segment00000.m4s`);
  await fetch(url, { method: 'DELETE' });
  await told(['encoder started', 'segment published', 'encoder ended']);
  await told(['encoder started', 'session ended']);
});

test('the log shows a torrent from its magnet link to the first bytes', async () => {
  const content = sampleBytes(600_000, 5);
  const torrent = torrentOf(content, { name: 'noise.mp4', pieceBytes: 64 * 1024 });
  await using seeder = await Seeder.start([{ torrent, content }]);
  await using server = await startServer();
  await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  const story = [
    'session created',
    'torrent opened',
    'torrent metadata received',
    'file of the torrent selected',
    'first bytes of the torrent read',
  ];
  await until(() => tells(messagesOf(server.output()), story), server);
});

/** The last lines may not have arrived yet. */
async function until(isSo: () => boolean, server: ServerProcess): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isSo()) {
    if (performance.now() > deadline) assert.fail(`the log says:\n${messagesOf(server.output()).join('\n')}`);
    await sleep(20);
  }
}

/** Messages in order; of the lines that name a segment, only those of this one. */
function messagesOf(output: string, segment?: { rendition: string; number: number }): string[] {
  return output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const fields: unknown = JSON.parse(line);
    if (typeof fields !== 'object' || fields === null || !('msg' in fields) || typeof fields.msg !== 'string')
      return [];
    const isOther =
      segment !== undefined &&
      (('number' in fields && fields.number !== segment.number) ||
        ('rendition' in fields && fields.rendition !== segment.rendition));
    return isOther ? [] : [fields.msg];
  });
}

/** Whether the messages appear in this order, with any others between them. */
function tells(messages: string[], story: string[]): boolean {
  let at = 0;
  return story.every((message) => {
    at = messages.indexOf(message, at) + 1;
    return at > 0;
  });
}
