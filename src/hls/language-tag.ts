// Languages of tracks: containers state ISO 639-2 ("eng", "ger"), HLS requires BCP 47 (RFC 5646: "en", "de").

/** "undetermined", "no linguistic content", "not coded" and other values that files hold instead of a language. */
const NO_LANGUAGE = new Set(['', 'und', 'zxx', 'mis', 'root', 'unk']);

/** Shortest BCP 47 tag of a container's language; undefined when the language is missing or invalid. */
export function languageTag(language: string): string | undefined {
  const candidate = language.trim().replaceAll('_', '-').toLowerCase();
  if (NO_LANGUAGE.has(candidate) || !/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/u.test(candidate)) return undefined;
  try {
    return Intl.getCanonicalLocales(candidate)[0];
  } catch {
    return undefined;
  }
}

/** English name of a language; undefined for an unknown one. */
export function languageName(language: string): string | undefined {
  const tag = languageTag(language);
  if (tag === undefined) return undefined;
  // Created for each call: a cached instance holds the names of all languages, which take megabytes.
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(tag);
  return name === tag ? undefined : name;
}
