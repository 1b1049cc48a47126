// Cast devices in the API of Stremio's server: `GET /casting`, and one call that changes a player and returns its state.
import type { FastifyReply } from 'fastify';
import { Type, type Static } from 'typebox';

import { AppError } from '../../base/app-error.ts';
import type { CastPlayer } from '../../cast/cast-player.ts';
import type { PlayState } from '../../cast/play-state.ts';
import type { Session } from '../../sessions/session.ts';
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { DEVICE_ID, PLAYBACK_DEVICE, PLAYER_STATE, PLAYER_REQUEST } from '../schemas/cast.ts';
import { ERROR } from '../schemas/session.ts';
import { playOn, type CastDeviceParts } from './cast-devices.ts';

const tags = ['cast'];
const ERRORS = { '4xx': ERROR, '5xx': ERROR };
const STATE = { 200: PLAYER_STATE, ...ERRORS };
const OWN_SESSION = /^http:\/\/[^/]+\/sessions\/(?<id>[\w-]{1,128})\/stream(?:\.m3u8|\/|$)/u;
const OWN_SUBTITLES = /\/sessions\/(?<id>[\w-]{1,128})\/subtitles\/(?<index>\d{1,4})\.vtt(?:\?|$)/u;

/** Numbers of the states in Stremio's API. */
const STATE_NUMBERS: Record<PlayState, number> = {
  idle: 0,
  loading: 1,
  buffering: 2,
  playing: 3,
  paused: 4,
  stopped: 5,
  taken: 5,
  finished: 6,
  failed: 7,
};

export function castingRoutes(app: App, parts: CastDeviceParts): void {
  const list = {
    tags,
    summary: 'List the cast devices, for Stremio',
    response: { 200: Type.Array(PLAYBACK_DEVICE), ...ERRORS },
  };
  app.get('/casting', { schema: list }, async (_request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const devices = await parts.casting.devices(requestSignal(reply));
    // These clients offer playback on `external` devices only; they reach devices of other types by themselves.
    return devices.map(({ id, name }) => ({ id, name, type: 'external' }));
  });

  const state = { tags, summary: 'State of a player, for Stremio', params: DEVICE_ID, response: STATE };
  app.get('/casting/:id/player', { schema: state }, async (request, reply) => {
    return stateOf(await parts.casting.player(request.params.id, requestSignal(reply)), parts.sessions, reply);
  });

  const change = {
    tags,
    summary: 'Play a source on a device, or control the player, for Stremio',
    params: DEVICE_ID,
    body: PLAYER_REQUEST,
    response: STATE,
  };
  app.post('/casting/:id/player', { schema: change }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await parts.casting.player(request.params.id, signal);
    await applyChange(player, parts, { wanted: request.body, signal });
    return stateOf(player, parts.sessions, reply);
  });
}

interface Change {
  wanted: Static<typeof PLAYER_REQUEST>;
  signal: AbortSignal;
}

async function applyChange(player: CastPlayer, parts: CastDeviceParts, { wanted, signal }: Change): Promise<void> {
  const { source, time, paused, volume, subtitlesSrc } = wanted;
  if (source === null) return stopPlayback(player, signal);
  if (source !== undefined) await startPlayback(player, parts, { source, time: time ?? 0, signal });
  if (paused !== undefined) await (paused ? player.pause(signal) : player.resume(signal));
  if (source === undefined && typeof time === 'number') await player.seek(time / 1000, signal);
  if (volume !== undefined) await player.setVolume({ level: volume }, signal);
  if (subtitlesSrc !== undefined) await player.showSubtitle(await trackAt(subtitlesSrc, player, signal), signal);
}

async function startPlayback(
  { device }: CastPlayer,
  parts: CastDeviceParts,
  { source, time, signal }: { source: string; time: number; signal: AbortSignal },
): Promise<void> {
  const { session, isNew } = await sessionOf(source, parts.sessions);
  const wanted = { session, startSeconds: time / 1000, subtitleTrack: undefined };
  try {
    await playOn(device.id, { ...parts, wanted }, signal);
  } catch (error) {
    if (isNew) parts.sessions.end(session.id);
    throw error;
  }
}

/** Does nothing on an idle device: these clients send a stop before they play another source. */
async function stopPlayback(player: CastPlayer, signal: AbortSignal): Promise<void> {
  if (player.isUsed) await player.stop(signal);
}

/** @throws AppError BAD_REQUEST for other subtitles: the device knows only the tracks that were loaded with the item */
async function trackAt(address: string | null, player: CastPlayer, signal: AbortSignal): Promise<number | undefined> {
  if (address === null || address === '') return undefined;
  const { id, index } = OWN_SUBTITLES.exec(address)?.groups ?? {};
  const { sessionId } = await player.status(signal);
  if (index === undefined || id !== sessionId) {
    throw new AppError('BAD_REQUEST', 'The field "subtitlesSrc" must be the address of a subtitle track of what plays');
  }
  return Number(index);
}

async function stateOf(
  player: CastPlayer,
  sessions: SessionRegistry,
  reply: FastifyReply,
): Promise<Static<typeof PLAYER_STATE>> {
  reply.header('Cache-Control', 'no-store');
  const { state, positionSeconds, durationSeconds, volume, ...status } = await player.status(requestSignal(reply));
  const session = player.isUsed ? sessions.list().find(({ id }) => id === status.sessionId) : undefined;
  return {
    source: session?.summary().source ?? null,
    state: STATE_NUMBERS[state],
    paused: state === 'paused',
    time: Math.round(positionSeconds * 1000),
    length: Math.round(durationSeconds * 1000),
    volume: volume.level,
    mediaSessionId: status.mediaSessionId ?? null,
    ...(status.error === undefined ? {} : { error: status.error }),
  };
}

/** The session that a URL of this server names, else a new session for the source. */
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
