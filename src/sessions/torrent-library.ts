// The torrents as the HTTP routes see them.
import type { Torrents } from '../sources/torrent/torrents.ts';

export type TorrentLibrary = Pick<Torrents, 'list' | 'status' | 'add' | 'file' | 'remove'>;
