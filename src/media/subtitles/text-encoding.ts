// Decodes the bytes of a subtitle. Containers require UTF-8, but text in a national encoding is common.

/** Encodings by the language of the track (ISO 639, two or three letters). */
const LEGACY: [encoding: string, languages: string][] = [
  ['windows-1250', 'cs cze ces sk slo slk pl pol hu hun sl slv hr hrv scr ro rum ron sq alb sqi bs bos'],
  ['windows-1251', 'ru rus uk ukr bg bul be bel mk mac mkd sr srp scc'],
  ['windows-1253', 'el gre ell'],
  ['windows-1254', 'tr tur az aze'],
  ['windows-1255', 'he heb'],
  ['windows-1256', 'ar ara fa per fas ur urd'],
  ['windows-1257', 'et est lv lav lt lit'],
  ['windows-1258', 'vi vie'],
  ['windows-874', 'th tha'],
  ['shift_jis', 'ja jpn'],
  ['euc-kr', 'ko kor'],
  ['gb18030', 'zh chi zho'],
];
const FALLBACK = 'windows-1252';

/** Decodes UTF-8, UTF-16 with a byte order mark, or else the legacy encoding of the track's language. */
export function decodeSubtitle(bytes: Uint8Array, language: string): string {
  const mark = bytes.length >= 2 ? ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0) : 0;
  if (mark === 0xfeff) return new TextDecoder('utf-16be').decode(bytes);
  if (mark === 0xfffe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder(legacyEncoding(language)).decode(bytes);
  }
}

function legacyEncoding(language: string): string {
  const code = language.toLowerCase().split(/[-_]/u)[0] ?? '';
  return LEGACY.find(([, languages]) => languages.split(' ').includes(code))?.[0] ?? FALLBACK;
}
