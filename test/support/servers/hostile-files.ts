// Files that try to make their reader open something else: a URL, or another file of the machine.

export interface Bait {
  /** Name of the file, with the extension of its disguise. */
  name: string;
  bytes: Buffer;
  /** How an unguarded ffprobe follows the bait, or why no reader does any more. */
  control: Control | string;
}

export interface Control {
  /** Options that disable ffprobe's own guards. */
  options: string[];
  /** Target of the bait: the URL, the file, or a port of this machine that is opened. */
  reaches: 'address' | 'file' | 'port';
}

export interface Targets {
  /** A URL on a server that counts requests. */
  url: string;
  /** A playable file that holds the secret. */
  path: string;
}

/** Sources in every protocol that reaches a file or a URL indirectly. */
export function detours({ url, path }: Targets): string[] {
  return [
    ...[
      `concat:${path}|${path}`,
      `concatf:${path}`,
      `subfile,,start,0,end,0,,:${path}`,
      `crypto:${path}`,
      `cache:${url}`,
    ],
    ...[
      `async:${url}`,
      `data:video/mp4;base64,AAAA`,
      `pipe:0`,
      `fd:0`,
      `unix:${path}`,
      `ftp://127.0.0.1/x`,
      `sftp://127.0.0.1/x`,
    ],
    ...[
      'tcp://127.0.0.1:0?listen',
      'udp://127.0.0.1:9',
      'rtp://127.0.0.1:9',
      'rtmp://127.0.0.1/x',
      'srt://127.0.0.1:9',
    ],
    ...['gopher://127.0.0.1/x', 'hls+http://127.0.0.1/x', `hls+file://${path}`, 'lavfi:testsrc', 'javascript:alert(1)'],
    ...[
      '-report',
      '-i',
      '\\\\127.0.0.1\\share\\x.mkv',
      '//127.0.0.1/share/x.mkv',
      '\\\\?\\C:\\x.mkv',
      '\\\\.\\pipe\\x',
      'C:\\NUL',
    ],
    ...['file://127.0.0.1/share/x.mkv', 'relative/film.mkv', '../../etc/passwd', '|cat /etc/passwd'],
  ];
}

/** The same packet with a playlist and with text: an unguarded reader finds the text. */
export const GAB2_PLAYLIST = 'gab2.avi';
export const GAB2_TEXT = 'gab2-srt.avi';

/** The port at which `session.mkv` expects media; outside of the range that systems assign. */
export const SDP_PORT = 21_970;

export function baits(targets: Targets): Bait[] {
  const { url, path } = targets;
  const allProtocols = [
    '-protocol_whitelist',
    'file,http,tcp,crypto,data,concat,subfile',
    '-allowed_extensions',
    'ALL',
  ];
  const playlist = trapList(targets);
  const concat = ['ffconcat version 1.0', `file '${url}'`, `file '${path}'`, ''].join('\n');
  const reaches = (what: Control['reaches'], ...options: string[]): Control => ({ options, reaches: what });
  return [
    { name: 'playlist.mkv', bytes: Buffer.from(playlist), control: reaches('address', ...allProtocols, '-f', 'hls') },
    {
      name: 'late.mp4',
      bytes: Buffer.from(`#EXTM3U\n#${'x'.repeat(70_000)}\n${playlist}`),
      control: reaches('address', ...allProtocols, '-f', 'hls'),
    },
    {
      name: 'concat.mkv',
      bytes: Buffer.from(concat),
      control: reaches('address', '-protocol_whitelist', 'file,http,tcp', '-f', 'concat', '-safe', '0'),
    },
    {
      name: 'neighbour.mkv',
      bytes: Buffer.from('ffconcat version 1.0\nfile secret.ts\n'),
      control: reaches('file', '-f', 'concat'),
    },
    {
      name: 'manifest.mp4',
      bytes: Buffer.from(dashManifest(url)),
      control: reaches('address', '-protocol_whitelist', 'file,http,tcp', '-f', 'dash'),
    },
    {
      name: 'session.mkv',
      bytes: Buffer.from(sdp()),
      control: reaches('port', '-protocol_whitelist', 'file,udp,rtp', '-f', 'sdp'),
    },
    {
      name: 'sibling.mov',
      bytes: movieElsewhere(aliasTo({ path: 'Disk:films:secret.ts', levels: 1 })),
      control: reaches('file', '-enable_drefs', '1'),
    },
    {
      name: 'absolute.mov',
      bytes: movieElsewhere(aliasTo({ path, levels: 0 })),
      control: reaches('file', '-enable_drefs', '1', '-use_absolute_path', '1'),
    },
    ...forgottenBaits(targets),
  ];
}

/** No current reader follows these baits; a future one might. */
export function forgottenBaits({ url, path }: Targets): (Bait & { control: string })[] {
  const playlist = trapList({ url, path });
  const subtitle = `1\n00:00:00,000 --> 00:00:09,000\n<img src="${url}">\n`;
  const asx = `<?xml version="1.0"?><asx version="3.0"><entry><ref href="${url}"/></entry></asx>`;
  const ofNoPlayer = 'libav has no reader for the playlists of other players';
  return [
    {
      name: GAB2_PLAYLIST,
      bytes: aviWithSubtitle(playlist),
      control: 'since 2017 libav looks for SubRip and ASS only in a subtitle packet of AVI',
    },
    {
      name: GAB2_TEXT,
      bytes: aviWithSubtitle(subtitle),
      control: 'libav does not load the pictures that SubRip names',
    },
    {
      name: 'padded.ts',
      bytes: Buffer.from(`\ufeff${playlist}`),
      control: 'libav takes no playlist with a byte order mark',
    },
    {
      name: 'elsewhere.mov',
      bytes: movieElsewhere(box('url ', Buffer.concat([Buffer.alloc(4), Buffer.from(`${url}\0`)]))),
      control: 'libav follows an alias, not an address, to the samples of a film',
    },
    { name: 'reference.mov', bytes: quickTimeReferenceMovie(url), control: 'libav has no reader for reference movies' },
    { name: 'list.mkv', bytes: Buffer.from(`[playlist]\nFile1=${url}\nFile2=${path}\n`), control: ofNoPlayer },
    { name: 'link.mkv', bytes: Buffer.from(asx), control: ofNoPlayer },
  ];
}

function trapList({ url, path }: Targets): string {
  return hlsPlaylist([url, `file://${path}`, `concat:${path}|${url}`]);
}

function hlsPlaylist(uris: string[]): string {
  const segments = uris.flatMap((uri) => ['#EXTINF:10,', uri]);
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:10', '#EXT-X-MEDIA-SEQUENCE:0'];
  return [...head, ...segments, '#EXT-X-ENDLIST', ''].join('\n');
}

function dashManifest(url: string): string {
  return `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S" minBufferTime="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000" codecs="avc1.42c01e" width="16" height="16"><BaseURL>${url}</BaseURL><SegmentBase indexRange="0-100"/></Representation></AdaptationSet></Period></MPD>`;
}

function sdp(): string {
  return `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video ${SDP_PORT} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n`;
}

/** An AVI file whose subtitle packet (GAB2) holds a text that a subtitle reader would probe, as in the successors of CVE-2016-1897. */
function aviWithSubtitle(text: string): Buffer {
  const [width, height, frames] = [16, 16, 10];
  const frame = Buffer.alloc(width * height * 3, 0x55);
  const header = words([100_000, 0, 0, 0x10, frames, 0, 2, frame.length, width, height, 0, 0, 0, 0]);
  const format = words([40, width, height, 1 | (24 << 16), 0, frame.length, 0, 0, 0, 0]);
  const pictures = list('strl', [chunk('strh', streamHeader('vids', 'DIB ', frames)), chunk('strf', format)]);
  const subtitles = list('strl', [chunk('strh', streamHeader('txts', '\0\0\0\0', 1)), chunk('strf', Buffer.alloc(0))]);
  const body = Buffer.from(text);
  const subtitle = Buffer.concat([
    Buffer.from('GAB2\0'),
    halfWord(2),
    words([2]),
    halfWord(0x78),
    halfWord(4),
    words([body.length]),
    body,
  ]);
  const packets = [chunk('01tx', subtitle), ...Array.from({ length: frames }, () => chunk('00db', frame))];
  const content = [list('hdrl', [chunk('avih', header), pictures, subtitles]), list('movi', packets)];
  return chunk('RIFF', Buffer.concat([Buffer.from('AVI '), ...content]));
}

function streamHeader(type: string, handler: string, length: number): Buffer {
  return Buffer.concat([Buffer.from(type + handler, 'latin1'), words([0, 0, 0, 1, 10, 0, length, 0, 0, 0, 0, 0])]);
}

function list(type: string, parts: Buffer[]): Buffer {
  return chunk('LIST', Buffer.concat([Buffer.from(type), ...parts]));
}

function chunk(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), words([body.length]), body, Buffer.alloc(body.length % 2)]);
}

function words(values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value >>> 0, index * 4));
  return bytes;
}

function halfWord(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** A classic Mac OS alias: `levels` up from the media file, and down along the path; without levels the path is absolute. */
function aliasTo({ path, levels }: { path: string; levels: number }): Buffer {
  const volumeAndName = Buffer.alloc(10 + 28 + 12 + 64 + 16);
  const ends = halfWordsBigEndian([levels, levels]);
  const text = Buffer.from(path.length % 2 === 0 ? path : `${path}\0`);
  const absolutePath = Buffer.concat([halfWordsBigEndian([2, text.length]), text]);
  const end = halfWordsBigEndian([0xffff, 0]);
  return box('alis', [Buffer.alloc(4), volumeAndName, ends, Buffer.alloc(16), absolutePath, end]);
}

function halfWordsBigEndian(values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

/** A media file whose samples are in the file of its data reference (ISO/IEC 14496-12 section 8.7.2). */
function movieElsewhere(location: Buffer): Buffer {
  const reference = box('dref', Buffer.concat([numbers([0, 1]), location]));
  const entry = Buffer.alloc(86);
  entry.writeUInt32BE(86, 0);
  entry.write('mjpg', 4, 'latin1');
  entry.writeUInt16BE(1, 14);
  entry.writeUInt16BE(16, 32);
  entry.writeUInt16BE(16, 34);
  const table = box('stbl', [
    box('stsd', Buffer.concat([numbers([0, 1]), entry])),
    box('stts', numbers([0, 1, 10, 100])),
    box('stsc', numbers([0, 1, 1, 10, 1])),
    box('stsz', numbers([0, 64, 10])),
    box('stco', numbers([0, 1, 0])),
  ]);
  const information = box('minf', [box('vmhd', Buffer.alloc(12)), box('dinf', [reference]), table]);
  const handler = Buffer.concat([numbers([0, 0]), Buffer.from('vide'), Buffer.alloc(13)]);
  const media = box('mdia', [box('mdhd', numbers([0, 0, 0, 1000, 1000, 0])), box('hdlr', handler), information]);
  const track = box('trak', [box('tkhd', Buffer.alloc(84)), media]);
  const head = Buffer.concat([numbers([0, 0, 0, 1000, 1000]), Buffer.alloc(80)]);
  const brand = box('ftyp', Buffer.concat([Buffer.from('qt  '), Buffer.alloc(4), Buffer.from('qt  ')]));
  return Buffer.concat([brand, box('moov', [box('mvhd', head), track]), box('mdat', Buffer.alloc(640))]);
}

/** A QuickTime reference movie, which holds only the address of another movie. */
function quickTimeReferenceMovie(url: string): Buffer {
  const address = Buffer.concat([
    numbers([0]),
    Buffer.from('url '),
    numbers([url.length + 1]),
    Buffer.from(`${url}\0`),
  ]);
  return box('moov', [box('rmra', [box('rmda', [box('rdrf', address)])])]);
}

function box(type: string, body: Buffer | Buffer[]): Buffer {
  const bytes = Array.isArray(body) ? Buffer.concat(body) : body;
  return Buffer.concat([numbers([bytes.length + 8]), Buffer.from(type), bytes]);
}

function numbers(values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}
