// Another HLS server, and what opens items of it.
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';

import type { ItemOpener } from '../../../src/presentation/media-item.ts';
import { relayItem } from '../../../src/presentation/relay/relayed-item.ts';
import { SourceEndpoint } from '../../../src/sources/endpoint/source-endpoint.ts';
import { openSource } from '../../../src/sources/open/open-source.ts';
import { parseLocator } from '../../../src/sources/open/source-locator.ts';
import { policy } from '../../sources/opened.ts';

const TOP = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="en.m3u8?token=secret"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,URI="de.m3u8?token=secret"
#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"
video.m3u8?token=secret
`;
const MEDIA = `#EXTM3U
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.0,
one.m4s
#EXTINF:4.25,
two.m4s
#EXT-X-ENDLIST
`;
const PARTS = new Map([
  ['/top.m3u8', TOP],
  ['/en.m3u8', MEDIA],
  ['/de.m3u8', MEDIA],
  ['/video.m3u8', MEDIA],
  ['/init.mp4', 'the init section'],
  ['/one.m4s', 'the first segment'],
  ['/two.m4s', 'the second segment'],
]);

/** Each `open` of the items is a relayed item of this server. */
export async function startUpstream(): Promise<{ url: string; items: ItemOpener } & AsyncDisposable> {
  const server = createServer((request, reply) => {
    const body = PARTS.get(new URL(request.url ?? '/', 'http://x').pathname);
    const [, start, end] = /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? '') ?? [];
    if (body === undefined) reply.writeHead(404).end();
    else if (start === undefined || body.startsWith('#EXTM3U'))
      reply.writeHead(200, { 'content-length': body.length }).end(body);
    else {
      const part = body.slice(Number(start), end ? Number(end) + 1 : undefined);
      const range = `bytes ${start}-${Number(start) + part.length - 1}/${body.length}`;
      reply.writeHead(206, { 'content-length': part.length, 'content-range': range }).end(part);
    }
  });
  const port = await listening(server);
  const endpoint = await SourceEndpoint.open();
  const items: ItemOpener = {
    async open(source, signal) {
      const options = { spoolDirectory: tmpdir(), endpoint, addresses: policy('auto') };
      const opened = await openSource(parseLocator(source.uri), options, signal);
      if (opened.kind !== 'hls') throw new TypeError('not HLS');
      return relayItem(opened.upstream, signal);
    },
  };
  const dispose = async () => {
    await endpoint[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, items, [Symbol.asyncDispose]: dispose };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
