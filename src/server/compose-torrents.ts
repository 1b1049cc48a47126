// The torrent side of the server: the engine in a separate process, and the torrents for sessions and routes on top of it.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Metrics } from '../http/reply/metrics.ts';
import { recordedChild } from './recorded-child.ts';
import type { MediaContext } from './server.ts';
import type { SourcePublisher } from '../sources/port/source-publisher.ts';
import { openTorrentEngine } from '../sources/torrent/engine-client/open-torrent-engine.ts';
import { EngineOnDemand } from '../sources/torrent/engine-on-demand.ts';
import type { TorrentEngine } from '../torrent-engine/protocol/torrent-engine.ts';
import { lockDirectory } from '../state/sqlite/directory-lock.ts';
import { Torrents } from '../sources/torrent/torrents.ts';

/** A file in the data directory: torrents were played on this machine before. */
const MARK = 'torrents-are-used';

/** The engine starts with the first torrent; if torrents were played before, it starts at once, so that the next torrent does not wait for it. */
export function createTorrents(context: MediaContext, publisher: SourcePublisher): Torrents {
  const { config, log, metrics } = context;
  const mark = join(config.dataDirectory, MARK);
  const engine = new EngineOnDemand(() => {
    writeFile(mark, '').catch(() => log.warn('the data directory cannot be written'));
    return openEngine(context);
  });
  if (existsSync(mark)) engine.start();
  const { metadataLimitMs } = config.torrents;
  const torrents = new Torrents({ engine, publisher, metadataLimitMs, keepMs: config.releaseIdleMs, log });
  addGauges(metrics, torrents);
  return torrents;
}

function openEngine(context: MediaContext): TorrentEngine {
  const { config, log } = context;
  return openTorrentEngine({
    directory: config.tmpDirectory,
    lockDirectory,
    dhtFile: join(config.dataDirectory, 'dht.json'),
    settings: config.torrents,
    log: (line) => log.info({ line }, 'torrent engine'),
    recordChild: (pid) => recordedChild(pid, context),
    isInspected: config.inspect.includes('torrents'),
  });
}

function addGauges(metrics: Metrics, torrents: Torrents): void {
  const sum = (of: (torrent: ReturnType<Torrents['list']>[number]) => number) => () =>
    torrents.list().reduce((total, torrent) => total + of(torrent), 0);
  metrics.gauge(
    'raffi_torrents',
    'Torrents in the swarm',
    sum((torrent) => (torrent.isActive ? 1 : 0)),
  );
  metrics.gauge(
    'raffi_torrent_peers',
    'Peers of all torrents',
    sum((torrent) => torrent.peers),
  );
  metrics.gauge(
    'raffi_torrent_down_bytes_per_second',
    'Payload received',
    sum((torrent) => torrent.downloadSpeed),
  );
  metrics.gauge(
    'raffi_torrent_up_bytes_per_second',
    'Payload sent',
    sum((torrent) => torrent.uploadSpeed),
  );
  metrics.gauge(
    'raffi_torrent_disk_bytes',
    'Disk space of torrents',
    sum((torrent) => torrent.diskBytes),
  );
  metrics.gauge(
    'raffi_torrent_wasted_bytes',
    'Payload received and not used',
    sum((torrent) => torrent.wastedBytes),
  );
}
