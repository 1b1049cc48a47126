// What a session changes in the text of a relayed playlist: where playback begins and which audio rendition is the default.
import { startTag } from '../hls/attribute-list.ts';

/** The playlist with one EXT-X-START tag, this one. */
export function withStart(text: string, startSeconds: number): string {
  const lines = text.split(/\r?\n/u).filter((line) => !line.startsWith('#EXT-X-START:'));
  lines.splice(1, 0, startTag(startSeconds));
  return lines.join('\n');
}

/** The playlist with the audio rendition of ordinal `index` as the only DEFAULT=YES. */
export function chooseRelayedAudio(text: string, index: number): string {
  let ordinal = -1;
  const lines = text.split(/\r?\n/u).map((line) => {
    if (!/^#EXT-X-MEDIA:(?:.*,)?TYPE=AUDIO(?:,|$)/u.test(line)) return line;
    ordinal += 1;
    const without = line
      .replaceAll(/,(?:DEFAULT|AUTOSELECT)=(?:YES|NO)/gu, '')
      .replace(/:(?:DEFAULT|AUTOSELECT)=(?:YES|NO),/u, ':');
    return `${without},DEFAULT=${ordinal === index ? 'YES' : 'NO'},AUTOSELECT=YES`;
  });
  return lines.join('\n');
}
