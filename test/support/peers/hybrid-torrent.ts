// Hybrid torrents (BitTorrent v1 and v2) made by another client: files start at pieces, with padding between them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { decodeBencode } from '../../../src/torrent-engine/protocol/bencode.ts';
import type { MadeTorrent } from './torrent-files.ts';

const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const SCRIPT = `import libtorrent as lt, sys
files = lt.file_storage()
lt.add_files(files, sys.argv[1])
torrent = lt.create_torrent(files, 16384)
lt.set_piece_hashes(torrent, sys.argv[2])
sys.stdout.buffer.write(lt.bencode(torrent.generate()))`;

/** Files by their paths in the torrent. */
export async function hybridTorrent(name: string, files: Record<string, Uint8Array>): Promise<MadeTorrent> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-hybrid-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      const target = join(directory, name, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', SCRIPT, join(directory, name), directory]);
    const span = decodeBencode(stdout).spans.get('info');
    if (span === undefined) throw new Error(`no torrent: ${String(stderr)}`);
    const infoHash = createHash('sha1').update(stdout.subarray(span.start, span.end)).digest('hex');
    return { infoHash, metainfo: stdout };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
