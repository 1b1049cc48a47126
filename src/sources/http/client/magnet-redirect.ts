// Servers of indexes answer with a redirect to a magnet link where they have no `.torrent` file.
import { AppError } from '../../../base/app-error.ts';

/** Whoever can play torrents takes the link; for all others it is a failure as any other. */
export class MagnetRedirect extends AppError {
  /** The magnet link, as the server wrote it. */
  readonly link: string;

  constructor(link: string) {
    super('SOURCE_UNUSABLE', 'The server redirects to a magnet link');
    this.link = link;
  }
}
