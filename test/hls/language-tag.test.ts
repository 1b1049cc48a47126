// Languages of containers as BCP 47 tags (RFC 5646) and English names.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { languageName, languageTag } from '../../src/hls/language-tag.ts';

suite('tags and names', () => {
  const ROWS: { what: string; language: string; tag: string | undefined; name: string | undefined }[] = [
    { what: 'ISO 639-2, where the two codes are one', language: 'eng', tag: 'en', name: 'English' },
    { what: 'ISO 639-2/B', language: 'ger', tag: 'de', name: 'German' },
    { what: 'ISO 639-2/T', language: 'deu', tag: 'de', name: 'German' },
    { what: 'the other codes for bibliographies', language: 'fre', tag: 'fr', name: 'French' },
    { what: 'a bibliographic code unlike its language', language: 'cze', tag: 'cs', name: 'Czech' },
    { what: 'a language without a code of two letters', language: 'fil', tag: 'fil', name: 'Filipino' },
    { what: 'a code that was withdrawn', language: 'iw', tag: 'he', name: 'Hebrew' },
    { what: 'two letters', language: 'pt', tag: 'pt', name: 'Portuguese' },
    { what: 'a region', language: 'pt-BR', tag: 'pt-BR', name: 'Brazilian Portuguese' },
    { what: 'a region behind an underscore', language: 'en_us', tag: 'en-US', name: 'American English' },
    { what: 'a region of numbers', language: 'es-419', tag: 'es-419', name: 'Latin American Spanish' },
    { what: 'a script', language: 'zh-hans', tag: 'zh-Hans', name: 'Simplified Chinese' },
    { what: 'capitals and spaces', language: ' ENG ', tag: 'en', name: 'English' },
    { what: 'several languages', language: 'mul', tag: 'mul', name: 'Multiple languages' },
    { what: 'a code for private use', language: 'qaa', tag: 'qaa', name: undefined },
    { what: 'undetermined', language: 'und', tag: undefined, name: undefined },
    { what: 'no linguistic content', language: 'zxx', tag: undefined, name: undefined },
    { what: 'not coded', language: 'mis', tag: undefined, name: undefined },
    { what: 'nothing', language: '', tag: undefined, name: undefined },
    { what: 'zeros of a field that was never written', language: '\0\0\0', tag: undefined, name: undefined },
    { what: 'a name', language: 'English', tag: undefined, name: undefined },
    { what: 'one letter', language: 'e', tag: undefined, name: undefined },
    { what: 'a subtag that cannot be', language: 'en-abcdefghi', tag: undefined, name: undefined },
    { what: 'two regions', language: 'en-us-gb', tag: undefined, name: undefined },
    { what: 'an end without a subtag', language: 'en-', tag: undefined, name: undefined },
    { what: 'a tag that would leave its quotes', language: 'en",URI="x', tag: undefined, name: undefined },
  ];
  for (const { what, language, tag, name } of ROWS)
    test(what, () => assert.deepEqual([languageTag(language), languageName(language)], [tag, name]));
});
