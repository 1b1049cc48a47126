// The language of `mdhd`: a code of ISO 639-2/T in fifteen bits (ISO/IEC 14496-12 8.4.2.3).

/** Codes of ISO 639-1, each with its code of ISO 639-2/T. */
const TWO_LETTERS =
  'aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel bg bul bi bis bm bam bn ben bo bod ' +
  'br bre bs bos ca cat ce che ch cha co cos cr cre cs ces cu chu cv chv cy cym da dan de deu dv div dz dzo ee ewe el ell en eng eo epo es spa ' +
  'et est eu eus fa fas ff ful fi fin fj fij fo fao fr fra fy fry ga gle gd gla gl glg gn grn gu guj gv glv ha hau he heb hi hin ho hmo hr hrv ' +
  'ht hat hu hun hy hye hz her ia ina id ind ie ile ig ibo ii iii ik ipk io ido is isl it ita iu iku ja jpn jv jav ka kat kg kon ki kik kj kua ' +
  'kk kaz kl kal km khm kn kan ko kor kr kau ks kas ku kur kv kom kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao lt lit lu lub lv lav ' +
  'mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau nb nob nd nde ne nep ng ndo nl nld nn nno no nor nr nbl nv nav ' +
  'ny nya oc oci oj oji om orm or ori os oss pa pan pi pli pl pol ps pus pt por qu que rm roh rn run ro ron ru rus rw kin sa san sc srd sd snd ' +
  'se sme sg sag si sin sk slk sl slv sm smo sn sna so som sq sqi sr srp ss ssw st sot su sun sv swe sw swa ta tam te tel tg tgk th tha ti tir ' +
  'tk tuk tl tgl tn tsn to ton tr tur ts tso tt tat tw twi ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln wo wol xh xho yi yid ' +
  'yo yor za zha zh zho zu zul iw heb in ind ji yid';

/** Languages for which ISO 639-2 has a bibliographic code besides the terminological one. */
const BIBLIOGRAPHIC =
  'alb sqi arm hye baq eus bur mya chi zho cze ces dut nld fre fra geo kat ger deu gre ell ice isl mac mkd mao mri may msa per fas rum ron slo slk ' +
  'tib bod wel cym';

const UNDETERMINED = 'und';

/** `language`: a tag of RFC 5646 or a code of ISO 639, as containers state it. */
function terminologicalCode(language: string): string {
  const primary = language.trim().toLowerCase().split(/[-_]/u)[0] ?? '';
  const code = lookUp(TWO_LETTERS, primary) ?? lookUp(BIBLIOGRAPHIC, primary) ?? primary;
  return /^[a-z]{3}$/u.test(code) ? code : UNDETERMINED;
}

/** Packs three letters into five bits each. */
export function packedLanguage(language: string): number {
  const [first = 0, second = 0, third = 0] = Buffer.from(terminologicalCode(language), 'latin1');
  return ((first - 0x60) << 10) | ((second - 0x60) << 5) | (third - 0x60);
}

function lookUp(table: string, code: string): string | undefined {
  const words = table.split(' ');
  const at = words.findIndex((word, index) => index % 2 === 0 && word === code);
  return at === -1 ? undefined : words[at + 1];
}
