// The command `serve`: starts the server, prints its address, and closes it on a signal.
import { flushCompileCache } from 'node:module';
import { hasErrno } from '../base/errno.ts';
import { MIB } from '../base/units.ts';

import { pino } from 'pino';

import { createLogger } from '../base/logger.ts';
import { ConfigError, readConfig, type Config } from '../config/config.ts';
import { startServer, type RunningServer } from '../server/server.ts';
import { networkAnnouncement } from './announce-network.ts';
import { IDENTITY } from './identity.ts';
import { composeMedia } from '../server/compose-media.ts';
import { surviveErrors } from './survive.ts';

/** Limit of an orderly close, after which the process exits: supervisors allow one second. */
const CLOSE_LIMIT_MS = 400;
/** Buffer for log lines while the output is not read; further lines are dropped. */
const LOG_BUFFER_BYTES = MIB;

/** @throws ConfigError when the server cannot start as configured */
export async function serve(): Promise<void> {
  const config = readConfig();
  const destination = pino.destination({ fd: 1, sync: false, maxLength: LOG_BUFFER_BYTES });
  destination.on('error', () => undefined);
  const log = createLogger(config.logLevel, destination);
  const server = await started(config, log);
  surviveErrors((err) => log.error({ err }, 'uncaught error'));
  endOnSignal(server, () => flushed(destination));
  const example = `curl -s ${server.url}/sessions -H 'content-type: application/json' -d '{"source":"/path/to/a/film.mkv"}'`;
  // In one write: a program that waits for the first line receives the second one with it.
  const network = networkAnnouncement({ ...config, networkUrl: server.networkUrl, isTerminal: process.stdout.isTTY });
  process.stdout.write(`${IDENTITY.name} ${IDENTITY.version} listening on ${server.url}\ntry: ${example}\n${network}`);
  flushCompileCache();
  if (!server.isLoopbackOnly && config.isLanOpen)
    log.warn('RAFFI_LAN_OPEN: every device of the network can use this server');
}

async function started(config: Config, log: ReturnType<typeof createLogger>): Promise<RunningServer> {
  try {
    return await startServer({ config, identity: IDENTITY, log, composeMedia });
  } catch (cause) {
    throw listenError(config, cause);
  }
}

/** A ConfigError for the known faults of a listen address; any other cause is returned unchanged. */
function listenError(config: Config, cause: unknown): unknown {
  const address = `${config.listen.host ?? ''}:${config.listen.port}`;
  if (hasErrno(cause, 'EADDRINUSE'))
    return new ConfigError(`${address} is in use by another program; set RAFFI_SERVER_ADDR to listen elsewhere`, {
      cause,
    });
  if (hasErrno(cause, 'EACCES'))
    return new ConfigError(`listening on ${address} is not permitted; set RAFFI_SERVER_ADDR to listen elsewhere`, {
      cause,
    });
  if (hasErrno(cause, 'EADDRNOTAVAIL', 'ENOTFOUND'))
    return new ConfigError(`${address} is not an address of this machine`, { cause });
  return cause;
}

function endOnSignal(server: RunningServer, flush: () => void): void {
  let isEnding = false;
  const end = () => {
    if (isEnding) return;
    isEnding = true;
    const leave = () => {
      server.closeNow();
      flush();
      process.exit(0);
    };
    setTimeout(leave, CLOSE_LIMIT_MS);
    server[Symbol.asyncDispose]().then(leave, leave);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', end);
}

function flushed(destination: ReturnType<typeof pino.destination>): void {
  try {
    destination.flushSync();
  } catch {
    // The log output is closed.
  }
}
