// Runs the tests: all of them, or the files, folders and globs named as arguments (`npm test -- test/base`).
// Options go on to Node's runner: `npm test -- --test-name-pattern=seek test/black-box`.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Tool {
  /** Debian's package. */
  debian: string;
  what: string;
  isHere: () => boolean;
  /** Whether only the long tests need it. */
  isForLong?: boolean;
}

const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PYTHONS = ['/usr/bin/python3', 'python3'];
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';

const TOOLS: Tool[] = [
  {
    debian: 'ffmpeg',
    what: 'ffmpeg and ffprobe (they make the clips)',
    isHere: () => isOnPath('ffmpeg') && isOnPath('ffprobe'),
  },
  { debian: 'chromium', what: 'Chromium (it plays what we serve)', isHere: () => CHROMIUMS.some(isOnPath) },
  {
    debian: 'fonts-dejavu-core',
    what: 'the font DejaVu Sans',
    isHere: () => process.platform !== 'linux' || existsSync(FONT),
  },
  {
    debian: 'python3-libtorrent',
    what: "libtorrent's Python bindings (the seeders of the torrent tests)",
    isHere: () => PYTHONS.some((python) => spawnSync(python, ['-c', 'import libtorrent']).status === 0),
  },
  { debian: 'mpv', what: 'mpv (it plays what we serve)', isHere: () => isOnPath('mpv'), isForLong: true },
  { debian: 'vlc', what: 'VLC (it plays what we serve)', isHere: () => isOnPath('cvlc'), isForLong: true },
  {
    debian: 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav',
    what: 'GStreamer (it plays what we serve)',
    isHere: () => isOnPath('gst-launch-1.0'),
    isForLong: true,
  },
];

/** A handle that a test forgot keeps its file running for ever; this ends the whole run instead. */
const RUN_LIMIT_MS = 60 * 60_000;

const RUNNER_OPTIONS = ['--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=180000'];

const words = process.argv.slice(2);
ensureTools(words.some((word) => /\.(?:players|long)\.ts$/u.test(word)));
process.exitCode = runTests(words);

function runTests(args: string[]): number {
  const options = args.filter((arg) => arg.startsWith('-'));
  const paths = args.filter((arg) => !arg.startsWith('-')).map(asGlob);
  const files = paths.length > 0 ? paths : ['test/**/*.test.ts'];
  const runner = [...RUNNER_OPTIONS, ...options, ...files];
  return spawnSync(process.execPath, runner, { stdio: 'inherit', timeout: RUN_LIMIT_MS }).status ?? 1;
}

/** The runner takes files and globs; a folder means the tests below it. */
function asGlob(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? `${path.replace(/[/\\]$/, '')}/**/*.test.ts` : path;
}

function ensureTools(isLong: boolean): void {
  const missing = missingTools(isLong);
  if (missing.length === 0) return;
  if (isOnPath('apt-get') && process.getuid?.() === 0) aptInstall(missing);
  for (const tool of missingTools(isLong)) {
    console.error(`tests: ${tool.what} is missing and must be installed (Debian: apt-get install ${tool.debian}).`);
  }
}

function missingTools(isLong: boolean): Tool[] {
  return TOOLS.filter((tool) => (isLong || tool.isForLong !== true) && !tool.isHere());
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
