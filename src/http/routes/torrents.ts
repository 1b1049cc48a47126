// Torrents without a session: their files as bytes, their status, and the upload of `.torrent` files.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { TorrentLibrary } from '../../sessions/torrent-library.ts';
import type { App } from '../schemas/app-type.ts';
import type { BufferPool } from '../reply/buffer-pool.ts';
import { sendEntity } from '../reply/byte-range-reply.ts';
import { ConcurrencyLimit } from '../access/concurrency-limit.ts';
import { contentDisposition, contentTypeOf } from '../reply/file-headers.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { ERROR } from '../schemas/session.ts';
import { TORRENT_ADDED, TORRENT_FILE, TORRENT_ID, TORRENT_LIST, TORRENT_STATUS } from '../schemas/torrent.ts';

export interface TorrentRouteParts {
  /** Rejects without a torrent engine. */
  torrents(): Promise<TorrentLibrary>;
  pool: BufferPool;
}

const QUERY = Type.Object({ metadata: Type.Optional(Type.String()) }, { additionalProperties: true });
const TORRENT_TYPE = 'application/x-bittorrent';
const MAX_TORRENT_BYTES = 10 * MIB;
/** Limit of concurrent replies per torrent. Each requests the pieces at its position and competes with the others. A player has one or two. */
const MAX_ANSWERS = 32;
const INFO_HASH = /^[0-9a-f]{40}$/iu;
const FILE_INDEX = /^\d{1,6}$/u;

export function torrentRoutes(app: App, parts: TorrentRouteParts): void {
  collectionRoutes(app, parts);
  fileRoutes(app, parts);

  const status = {
    tags: ['torrents'],
    summary: 'Status of a torrent',
    params: TORRENT_ID,
    response: { 200: TORRENT_STATUS, '4xx': ERROR },
  };
  app.get('/torrents/:infoHash/status', { schema: status }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const torrents = await parts.torrents();
    return torrents.status(infoHashOf(request.params));
  });

  const remove = {
    tags: ['torrents'],
    summary: 'Leave the swarm and delete the downloaded data',
    params: TORRENT_ID,
    response: { 204: Type.Null(), '4xx': ERROR },
  };
  app.delete('/torrents/:infoHash', { schema: remove }, async (request, reply) => {
    const torrents = await parts.torrents();
    await torrents.remove(infoHashOf(request.params));
    return reply.code(204).send(null);
  });
}

function collectionRoutes(app: App, parts: TorrentRouteParts): void {
  const list = {
    tags: ['torrents'],
    summary: 'List all torrents; only for the owner of this machine',
    response: { 200: TORRENT_LIST, '4xx': ERROR },
  };
  app.get('/torrents', { schema: list }, async (_request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const torrents = await parts.torrents();
    return torrents.list();
  });

  const add = {
    tags: ['torrents'],
    summary: 'Add a torrent by its .torrent file',
    consumes: [TORRENT_TYPE],
    response: { 200: TORRENT_ADDED, '4xx': ERROR },
  };
  void app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      TORRENT_TYPE,
      { parseAs: 'buffer', bodyLimit: MAX_TORRENT_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.addContentTypeParser('*', (_request, _payload, done) => {
      done(new AppError('UNSUPPORTED_CONTENT_TYPE', `The body must be sent as ${TORRENT_TYPE}`));
    });
    scope.post('/torrents', { schema: add, bodyLimit: MAX_TORRENT_BYTES }, async (request, reply) => {
      reply.header('Cache-Control', 'no-store');
      if (!(request.body instanceof Uint8Array) || request.body.length === 0)
        throw new AppError('BAD_REQUEST', 'The body must be a torrent file');
      const torrents = await parts.torrents();
      return torrents.add(request.body);
    });
  });
}

function fileRoutes(app: App, parts: TorrentRouteParts): void {
  const answers = new ConcurrencyLimit(MAX_ANSWERS);
  const main = {
    tags: ['torrents'],
    summary: 'The file of a torrent that plays, or its largest media file, as bytes',
    params: TORRENT_ID,
    querystring: QUERY,
  };
  app.get('/torrents/:infoHash', { schema: main }, async (request, reply) => {
    const { metadata } = request.query;
    return sendFile(request, reply, {
      ...parts,
      answers,
      infoHash: infoHashOf(request.params),
      fileIndex: undefined,
      metadata,
    });
  });

  const file = { ...main, summary: 'A file of a torrent as bytes', params: TORRENT_FILE };
  app.get('/torrents/:infoHash/:fileIdx', { schema: file }, async (request, reply) => {
    const { fileIdx } = request.params;
    if (!FILE_INDEX.test(fileIdx)) throw new AppError('NOT_FOUND', 'There is nothing at this address');
    const { metadata } = request.query;
    const fileIndex = Number(fileIdx);
    return sendFile(request, reply, { ...parts, answers, infoHash: infoHashOf(request.params), fileIndex, metadata });
  });
}

interface FileCall extends TorrentRouteParts {
  answers: ConcurrencyLimit;
  infoHash: string;
  fileIndex: number | undefined;
  /** `?metadata=1` */
  metadata: string | undefined;
}

async function sendFile(request: FastifyRequest, reply: FastifyReply, call: FileCall): Promise<FastifyReply> {
  const signal = requestSignal(reply);
  using _slot = call.answers.take(call.infoHash, 'This torrent is being read in too many places at once');
  const torrents = await call.torrents();
  using file = await torrents.file(call.infoHash, call.fileIndex, signal);
  const isProbe = call.metadata === '1';
  reply.header('Content-Disposition', contentDisposition(file.name));
  const entity = {
    contentType: contentTypeOf(file.name),
    cacheControl: 'no-cache',
    etag: file.etag,
    sizeBytes: file.sizeBytes,
    content: { open: (range: ByteRange) => file.open({ ...range, isProbe }, signal) },
  };
  return await sendEntity(request, reply, { entity, pool: call.pool });
}

function infoHashOf({ infoHash }: { infoHash: string }): string {
  if (!INFO_HASH.test(infoHash)) throw new AppError('NOT_FOUND', 'There is no such torrent');
  return infoHash.toLowerCase();
}
