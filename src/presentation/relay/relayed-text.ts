// Reads facts from the text of another server's playlist, and applies the choices of a session to the text.
import { startTag } from '../../hls/attribute-list.ts';

/** An EXT-X-MEDIA audio rendition. */
export interface RelayedAudio {
  language: string;
  title: string;
  channels: number | undefined;
  isDefault: boolean;
}

const AUDIO_LINE = /^#EXT-X-MEDIA:(?:.*,)?TYPE=AUDIO(?:,|$)/u;

/** Duration of a complete media playlist: the sum of its EXTINF; undefined for a live playlist. */
export function playlistSeconds(text: string): number | undefined {
  if (!/^#EXT-X-ENDLIST/mu.test(text)) return undefined;
  const seconds = [...text.matchAll(/^#EXTINF:([\d.]+)/gmu)].reduce((sum, match) => sum + Number(match[1]), 0);
  return Math.round(seconds * 1e6) / 1e6;
}

/** The audio renditions of a multivariant playlist. A rendition that several groups hold (with other bit rates) counts once. */
export function relayedAudio(text: string): RelayedAudio[] {
  const tracks = new Map<string, RelayedAudio>();
  for (const line of audioLines(text)) {
    const channels = Number.parseInt(attribute(line, 'CHANNELS') ?? '', 10);
    tracks.set(trackKey(line), {
      language: attribute(line, 'LANGUAGE') ?? 'und',
      title: attribute(line, 'NAME') ?? '',
      channels: Number.isNaN(channels) ? undefined : channels,
      isDefault: attribute(line, 'DEFAULT') === 'YES',
    });
  }
  return [...tracks.values()];
}

/** The playlist with one EXT-X-START tag, at `startSeconds`. */
export function withStart(text: string, startSeconds: number): string {
  const lines = text.split(/\r?\n/u).filter((line) => !line.startsWith('#EXT-X-START:'));
  lines.splice(1, 0, startTag(startSeconds));
  return lines.join('\n');
}

/** The playlist with track `index` of {@link relayedAudio} as the only one with DEFAULT=YES. */
export function chooseRelayedAudio(text: string, index: number): string {
  const chosen = [...new Set(audioLines(text).map(trackKey))][index];
  if (chosen === undefined) return text;
  const choose = (line: string) => {
    const rest = line.replaceAll(/(?<=[:,])(?:DEFAULT|AUTOSELECT)=(?:YES|NO)(?:,|$)/gu, '').replace(/,$/u, '');
    return `${rest},DEFAULT=${trackKey(line) === chosen ? 'YES' : 'NO'},AUTOSELECT=YES`;
  };
  const lines = text.split(/\r?\n/u);
  return lines.map((line) => (AUDIO_LINE.test(line) ? choose(line) : line)).join('\n');
}

function audioLines(text: string): string[] {
  return text.split(/\r?\n/u).filter((line) => AUDIO_LINE.test(line));
}

function trackKey(line: string): string {
  return JSON.stringify([attribute(line, 'LANGUAGE'), attribute(line, 'NAME')]);
}

function attribute(line: string, name: string): string | undefined {
  const match = new RegExp(`[:,]${name}=(?:"([^"]*)"|([^",]*))`, 'u').exec(line);
  return match?.[1] ?? match?.[2];
}
