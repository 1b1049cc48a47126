// The same under the names that clients of Stremio's server know: `GET /casting`, `POST /casting/{id}/player`.
import { Type } from 'typebox';

import type { Session } from '../../sessions/session.ts';
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../app-type.ts';
import { requestSignal } from '../request-signal.ts';
import { DEVICE_ID, PLAYBACK_DEVICE, PLAYER_WISH } from '../schemas/cast.ts';
import { ERROR } from '../schemas/session.ts';
import { playOn, type CastDeviceParts } from './cast-devices.ts';

const tags = ['cast'];
const ERRORS = { '4xx': ERROR, '5xx': ERROR };
const OWN_SESSION = /^http:\/\/[^/]+\/sessions\/(?<id>[\w-]{1,128})\/stream(?:\.m3u8|\/|$)/u;

export function castingRoutes(app: App, parts: CastDeviceParts): void {
  const list = { tags, summary: 'Devices, for Stremio', response: { 200: Type.Array(PLAYBACK_DEVICE), ...ERRORS } };
  app.get('/casting', { schema: list }, async (_request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const devices = await parts.casting.devices(requestSignal(reply));
    // These clients offer to play on what is external; the others they reach by themselves.
    return devices.map(({ id, name }) => ({ id, name, type: 'external' }));
  });

  const play = {
    tags,
    summary: 'Play a source on a device, for Stremio',
    params: DEVICE_ID,
    body: PLAYER_WISH,
    response: { 200: Type.Object({ success: Type.Boolean() }), ...ERRORS },
  };
  app.post('/casting/:id/player', { schema: play }, async (request, reply) => {
    const { source, time } = request.body;
    const signal = requestSignal(reply);
    // A device that is not there must not cost a session.
    await parts.casting.player(request.params.id, signal);
    const { session, isNew } = await sessionOf(source, parts.sessions);
    const wish = { session, startSeconds: (time ?? 0) / 1000, subtitleTrack: undefined };
    try {
      await playOn(request.params.id, { ...parts, wish }, signal);
    } catch (error) {
      if (isNew) parts.sessions.end(session.id);
      throw error;
    }
    return { success: true };
  });
}

/** The session an address of ours leads to, else a new one of the source. */
async function sessionOf(source: string, sessions: SessionRegistry): Promise<{ session: Session; isNew: boolean }> {
  const id = OWN_SESSION.exec(source)?.groups?.['id'];
  const known = id === undefined ? undefined : sessions.list().find((session) => session.id === id);
  if (known !== undefined) return { session: sessions.get(known.id), isNew: false };
  const kind = source.startsWith('magnet:') ? 'torrent' : 'http';
  const wanted = {
    source: { uri: source, kind, headers: {}, fileIndex: undefined },
    kind,
    startSeconds: 0,
    quality: undefined,
  } as const;
  return { session: await sessions.create(wanted), isNew: true };
}
