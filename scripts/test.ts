// Runs the tests: all of them, or the files, folders and globs named as arguments (`npm test -- test/base`).
// Options go on to Node's runner: `npm test -- --test-name-pattern=seek test/black-box`.
// `--fast` means the tests that are over in a minute and need no more than ffmpeg.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Tool {
  /** Debian's package. */
  debian: string;
  what: string;
  isHere: () => boolean;
  /** The smallest run that needs it. */
  run: Run;
}

/** Each needs the tools of those before it. */
const RUNS = ['fast', 'usual', 'players'] as const;

type Run = (typeof RUNS)[number];

const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PYTHONS = ['/usr/bin/python3', 'python3'];
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';

const TOOLS: Tool[] = [
  {
    debian: 'ffmpeg',
    what: 'ffmpeg and ffprobe (they make the clips)',
    run: 'fast',
    isHere: () => isOnPath('ffmpeg') && isOnPath('ffprobe'),
  },
  {
    debian: 'chromium',
    what: 'Chromium (it plays what we serve)',
    run: 'usual',
    isHere: () => CHROMIUMS.some(isOnPath),
  },
  {
    debian: 'fonts-dejavu-core',
    what: 'the font DejaVu Sans',
    run: 'fast',
    isHere: () => process.platform !== 'linux' || existsSync(FONT),
  },
  {
    debian: 'python3-libtorrent',
    what: "libtorrent's Python bindings (the seeders of the torrent tests)",
    run: 'usual',
    isHere: () => PYTHONS.some((python) => spawnSync(python, ['-c', 'import libtorrent']).status === 0),
  },
  { debian: 'mpv', what: 'mpv (it plays what we serve)', run: 'players', isHere: () => isOnPath('mpv') },
  { debian: 'vlc', what: 'VLC (it plays what we serve)', run: 'players', isHere: () => isOnPath('cvlc') },
  {
    debian: 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav',
    what: 'GStreamer (it plays what we serve)',
    run: 'players',
    isHere: () => isOnPath('gst-launch-1.0'),
  },
];

/** A handle that a test forgot keeps its file running for ever; this ends the whole run instead. */
const RUN_LIMIT_MS = 60 * 60_000;

const RUNNER_OPTIONS = ['--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=180000'];

/** Unit and contract tests: no browser, no peers, few encodes, 45 s of processor time. */
const FAST = [
  'test/{base,config,cli,hls,http,lint,presentation,state}/**/*.test.ts',
  'test/media/{clip,index,model,mpegts,plan,pool,probe,store,subtitles}/**/*.test.ts',
  'test/media/bitstream/{audio-configuration,bit-reader,codec-string,nal-units,picture-order}.test.ts',
  'test/media/fmp4/{decode-schedule,language-code,media-segment}.test.ts',
  'test/media/schedule/{circuit-breaker,encoder-speed,remote-store,segment-scheduler}.test.ts',
  'test/media/worker/libav/video-filters.test.ts',
  'test/addons/*.test.ts',
  'test/sessions/{playback-position,session-info}.test.ts',
  'test/cast/{cast-status,play-state}.test.ts',
  'test/sources/{file,open,endpoint}/*.test.ts',
  'test/sources/contract.test.ts',
  'test/sources/torrent/packed/archive-sets.test.ts',
  'test/sources/torrent/{named-torrent,torrent-status,whole-pieces}.test.ts',
  'test/sources/torrent/engine-client/*.test.ts',
  'test/sources/http/{client,response}/*.test.ts',
  'test/sources/http/{address-policy,hls-upstream,http-cookies,http-reading,http-source,page-cache}.test.ts',
  'test/torrent-engine/{download,swarm}/*.test.ts',
  'test/torrent-engine/torrent-stats.test.ts',
];

/** They need Debian's Chromium, or libtorrent's Python bindings: elsewhere than on Linux they are left out of a run of everything. */
const LINUX_ONLY = [
  'test/browser/**',
  'test/torrent-engine/**',
  'test/black-box/torrent-*.ts',
  'test/support/peers/**',
  'test/sources/torrent/torrents.test.ts',
];

const words = process.argv.slice(2);
const isFast = words.includes('--fast');
const isWithPlayers = words.some((word) => /\.(?:players|long)\.ts$/u.test(word));
ensureTools(isFast ? 'fast' : isWithPlayers ? 'players' : 'usual');
process.exitCode = runTests(words.filter((word) => word !== '--fast'));

function runTests(args: string[]): number {
  const options = args.filter((arg) => arg.startsWith('-'));
  const paths = args.filter((arg) => !arg.startsWith('-')).map(asGlob);
  const files = paths.length > 0 ? paths : isFast ? FAST : everything();
  const runner = [...RUNNER_OPTIONS, ...options, ...files];
  return spawnSync(process.execPath, runner, { stdio: 'inherit', timeout: RUN_LIMIT_MS }).status ?? 1;
}

function everything(): string[] {
  if (process.platform === 'linux') return ['test/**/*.test.ts'];
  console.error(`tests: on ${process.platform} these are left out: ${LINUX_ONLY.join(', ')}`);
  return globSync('test/**/*.test.ts', { exclude: LINUX_ONLY });
}

/** The runner takes files and globs; a folder means the tests below it. */
function asGlob(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? `${path.replace(/[/\\]$/, '')}/**/*.test.ts` : path;
}

function ensureTools(run: Run): void {
  const missing = missingTools(run);
  if (missing.length === 0) return;
  if (isOnPath('apt-get') && process.getuid?.() === 0) aptInstall(missing);
  for (const tool of missingTools(run)) {
    console.error(`tests: ${tool.what} is missing and must be installed (Debian: apt-get install ${tool.debian}).`);
  }
}

function missingTools(run: Run): Tool[] {
  return TOOLS.filter((tool) => RUNS.indexOf(tool.run) <= RUNS.indexOf(run) && !tool.isHere());
}

function aptInstall(tools: Tool[]): void {
  const packages = tools.flatMap((tool) => tool.debian.split(' '));
  console.error(`tests: installing ${packages.join(', ')} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const steps of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { status } = spawnSync('apt-get', ['-q', ...steps], { stdio: 'inherit', env });
    if (status !== 0) console.error(`tests: apt-get ${steps[0]} failed`);
  }
}

function isOnPath(name: string): boolean {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, file)));
}
