// A redirect to a magnet link: torrent indexes answer with one when they have no `.torrent` file.
import { AppError } from '../../../base/app-error.ts';

/** A caller that can play torrents uses the link; for any other caller the redirect is a failure. */
export class MagnetRedirect extends AppError {
  /** The magnet link, as the server sent it. */
  readonly link: string;

  constructor(link: string) {
    super('SOURCE_UNUSABLE', 'The server redirects to a magnet link');
    this.link = link;
  }
}
