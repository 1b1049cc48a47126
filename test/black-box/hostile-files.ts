// Files made to lead whoever reads them somewhere else: to an address, or to another file of the machine.

export interface Bait {
  /** Of the file, with the extension that fits the disguise. */
  name: string;
  bytes: Buffer;
  /** What makes an unguarded ffprobe take the bait; undefined: none does any more. */
  control: string[] | undefined;
}

export interface Targets {
  /** An address on a server that counts. */
  url: string;
  /** A file that is playable and holds the secret. */
  path: string;
}

/** Every protocol that reads a file or an address in a roundabout way. */
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

export function baits(targets: Targets): Bait[] {
  const { url, path } = targets;
  const allProtocols = [
    '-protocol_whitelist',
    'file,http,tcp,crypto,data,concat,subfile',
    '-allowed_extensions',
    'ALL',
  ];
  const playlist = hlsPlaylist([url, `file://${path}`, `concat:${path}|${url}`]);
  const concat = ['ffconcat version 1.0', `file '${url}'`, `file '${path}'`, ''].join('\n');
  return [
    { name: 'playlist.mkv', bytes: Buffer.from(playlist), control: [...allProtocols, '-f', 'hls'] },
    { name: 'padded.ts', bytes: Buffer.from(`\ufeff${playlist}`), control: undefined },
    { name: 'late.mp4', bytes: Buffer.from(`#EXTM3U\n#${'x'.repeat(70_000)}\n${playlist}`), control: undefined },
    {
      name: 'concat.mkv',
      bytes: Buffer.from(concat),
      control: ['-protocol_whitelist', 'file,http,tcp', '-f', 'concat', '-safe', '0'],
    },
    { name: 'neighbour.mkv', bytes: Buffer.from('ffconcat version 1.0\nfile secret.ts\n'), control: undefined },
    { name: 'manifest.mp4', bytes: Buffer.from(dashManifest(url)), control: undefined },
    { name: 'session.mkv', bytes: Buffer.from(sdp()), control: undefined },
    { name: 'gab2.avi', bytes: aviWithSubtitle(playlist), control: undefined },
    {
      name: 'gab2-srt.avi',
      bytes: aviWithSubtitle(`1\n00:00:00,000 --> 00:00:09,000\n<img src="${url}">\n`),
      control: undefined,
    },
    { name: 'elsewhere.mov', bytes: quickTimeReference(url), control: undefined },
    { name: 'reference.mov', bytes: quickTimeReferenceMovie(url), control: undefined },
    { name: 'list.mkv', bytes: Buffer.from(`[playlist]\nFile1=${url}\nFile2=${path}\n`), control: undefined },
    {
      name: 'link.mkv',
      bytes: Buffer.from(`<?xml version="1.0"?><asx version="3.0"><entry><ref href="${url}"/></entry></asx>`),
      control: undefined,
    },
  ];
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
  return 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 49170 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n';
}

/** An AVI film whose subtitle packet (GAB2) holds a text that a subtitle reader would probe, as in CVE-2016-1897's successors. */
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

/** A film whose samples, says its data reference (ISO/IEC 14496-12 section 8.7.2), lie in another file: the `url` given. */
function quickTimeReference(url: string): Buffer {
  const location = box('url ', Buffer.concat([Buffer.alloc(4), Buffer.from(`${url}\0`)]));
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

/** A QuickTime reference movie: nothing but the address of another one. */
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
