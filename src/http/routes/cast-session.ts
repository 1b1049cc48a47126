// Makes the cast item of a session: URLs that the device can reach, each with a token that is revoked when the device is done.
import { AppError } from '../../base/app-error.ts';
import type { CastItem, CastSubtitle } from '../../cast/cast-item.ts';
import type { CastTokens } from '../../cast/cast-tokens.ts';
import type { SessionInfo, StreamInfo } from '../../sessions/session-info.ts';
import type { Session } from '../../sessions/session.ts';

export interface CastRequest {
  session: Session;
  /** `http://host:port` of this server for the device. */
  base: string;
  /** Undefined: the position of the session. */
  startSeconds: number | undefined;
  /** As in `availableStreams`. */
  subtitleTrack: number | undefined;
}

/** Longer than a device stays paused before it goes to sleep. Every use starts the life of the token again. */
const TOKEN_LIFE_MS = 4 * 3_600_000;
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

/** Waits until the session can be played. @throws AppError BAD_REQUEST for a track without text; why the session cannot be played */
export async function castSession(wanted: CastRequest, castTokens: CastTokens, signal: AbortSignal): Promise<CastItem> {
  const { session, base, startSeconds, subtitleTrack } = wanted;
  const { playlist, format } = await session.castPlaylist(signal);
  const info = session.summary();
  const texts = info.availableStreams.filter(({ type, url }) => type === 'subtitle' && url !== undefined);
  if (subtitleTrack !== undefined && !texts.some(({ index }) => index === subtitleTrack)) {
    throw new AppError('BAD_REQUEST', 'The field "subtitleTrack" must be one of the text tracks of the session');
  }
  const { token } = castTokens.issue(session.id, TOKEN_LIFE_MS);
  const address = (path: string) => `${base}${path}?cast_token=${token}`;
  return {
    sessionId: session.id,
    url: address(`/sessions/${session.id}/${playlist}`),
    contentType: PLAYLIST_TYPE,
    segmentFormat: format === 'mpegts' ? 'ts' : undefined,
    title: titleOf(info),
    durationSeconds: info.durationSeconds,
    startSeconds: startSeconds ?? info.position,
    subtitles: texts.map((track) => subtitleOf(track, address)),
    activeSubtitle: subtitleTrack,
    release: () => castTokens.revoke(token),
  };
}

function subtitleOf({ index, url = '', language, title }: StreamInfo, address: (path: string) => string): CastSubtitle {
  return { index, url: address(url), language, name: title || language || `Subtitles ${index + 1}` };
}

/** The file name in the source, without its extension; empty when the source has none. */
function titleOf({ source }: SessionInfo): string {
  const magnetName = source.startsWith('magnet:') ? URL.parse(source)?.searchParams.get('dn') : undefined;
  const path = magnetName ?? URL.parse(source)?.pathname ?? source;
  const name = path.split(/[/\\]/u).findLast((part) => part !== '') ?? '';
  return plain(name)
    .replace(/\.[a-z0-9]{2,4}$/iu, '')
    .slice(0, 200);
}

function plain(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
