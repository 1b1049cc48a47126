// Cast devices of the network: list, playback and remote control.
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';

import type { CastPlayer } from '../../cast/cast-player.ts';
import type { CastStatus } from '../../cast/cast-status.ts';
import type { CastTokens } from '../../cast/cast-tokens.ts';
import type { Casting } from '../../cast/casting.ts';
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import { castSession, type CastRequest } from './cast-session.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { CAST_STATUS, DEVICE, DEVICE_ID, PLAY, SEEK, SUBTITLES, VOLUME } from '../schemas/cast.ts';
import { ERROR } from '../schemas/session.ts';

export interface CastDeviceParts {
  sessions: SessionRegistry;
  casting: Casting;
  castTokens: CastTokens;
  /** `http://host:port` for a device at this address. @throws AppError NOT_ON_NETWORK */
  castAddress(deviceHost: string): Promise<string>;
}

const tags = ['cast'];
const ERRORS = { '4xx': ERROR, '5xx': ERROR };
const DONE = { 200: CAST_STATUS, ...ERRORS };

export function castDeviceRoutes(app: App, parts: CastDeviceParts): void {
  const { casting } = parts;
  const list = {
    tags,
    summary: 'List the cast devices of the network',
    response: { 200: Type.Array(DEVICE), ...ERRORS },
  };
  app.get('/cast/devices', { schema: list }, async (_request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const devices = await casting.devices(requestSignal(reply));
    return devices.map(({ id, name, model, host }) => ({ id, name, model, address: host }));
  });

  const play = { tags, summary: 'Play a session on a device', params: DEVICE_ID, body: PLAY, response: DONE };
  app.post('/cast/devices/:id/play', { schema: play }, async (request, reply) => {
    const { sessionId, startTime, subtitleTrack } = request.body;
    const signal = requestSignal(reply);
    const session = parts.sessions.get(sessionId);
    const wanted = { session, startSeconds: startTime ?? undefined, subtitleTrack: subtitleTrack ?? undefined };
    return answer(await playOn(request.params.id, { ...parts, wanted }, signal), reply);
  });

  const status = { tags, summary: 'Playback status of a device', params: DEVICE_ID, response: DONE };
  app.get('/cast/devices/:id/status', { schema: status }, async (request, reply) => {
    return answer(await casting.player(request.params.id, requestSignal(reply)), reply);
  });

  controlRoutes(app, casting);
}

/** Plays a session on a device. The URLs of the item depend on the address of the device. */
export async function playOn(
  id: string,
  { casting, castTokens, castAddress, wanted }: CastDeviceParts & { wanted: Omit<CastRequest, 'base'> },
  signal: AbortSignal,
): Promise<CastPlayer> {
  const player = await casting.player(id, signal);
  const base = await castAddress(player.device.host);
  await player.play(await castSession({ ...wanted, base }, castTokens, signal), signal);
  return player;
}

function controlRoutes(app: App, casting: Casting): void {
  const plain = { tags, params: DEVICE_ID, response: DONE };
  app.post('/cast/devices/:id/pause', { schema: { ...plain, summary: 'Pause' } }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await casting.player(request.params.id, signal);
    await player.pause(signal);
    return answer(player, reply);
  });

  app.post('/cast/devices/:id/resume', { schema: { ...plain, summary: 'Resume' } }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await casting.player(request.params.id, signal);
    await player.resume(signal);
    return answer(player, reply);
  });

  const seek = { ...plain, summary: 'Seek', body: SEEK };
  app.post('/cast/devices/:id/seek', { schema: seek }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await casting.player(request.params.id, signal);
    await player.seek(request.body.position, signal);
    return answer(player, reply);
  });

  app.post('/cast/devices/:id/stop', { schema: { ...plain, summary: 'Stop' } }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await casting.player(request.params.id, signal);
    await player.stop(signal);
    return answer(player, reply);
  });

  const subtitles = { ...plain, summary: 'Select a subtitle track, or none', body: SUBTITLES };
  app.post('/cast/devices/:id/subtitles', { schema: subtitles }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await casting.player(request.params.id, signal);
    await player.showSubtitle(request.body.subtitleTrack ?? undefined, signal);
    return answer(player, reply);
  });

  const volume = { ...plain, summary: 'Set the volume', body: VOLUME };
  app.post('/cast/devices/:id/volume', { schema: volume }, async (request, reply) => {
    const signal = requestSignal(reply);
    const player = await casting.player(request.params.id, signal);
    const { level, muted } = request.body;
    await player.setVolume(
      { ...(level === undefined ? {} : { level }), ...(muted === undefined ? {} : { muted }) },
      signal,
    );
    return answer(player, reply);
  });
}

/** Replies with the status of the device. */
async function answer(player: CastPlayer, reply: FastifyReply): Promise<ReturnType<typeof statusFields>> {
  reply.header('Cache-Control', 'no-store');
  return statusFields(player, await player.status(requestSignal(reply)));
}

function statusFields({ device }: CastPlayer, status: CastStatus) {
  const { sessionId, title, application, subtitleTrack, error } = status;
  return {
    id: device.id,
    name: device.name,
    state: status.state,
    position: status.positionSeconds,
    durationSeconds: status.durationSeconds,
    volume: status.volume.level,
    muted: status.volume.muted,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(title === undefined ? {} : { title }),
    ...(application === undefined ? {} : { application }),
    ...(subtitleTrack === undefined ? {} : { subtitleTrack }),
    ...(error === undefined ? {} : { error }),
  };
}
