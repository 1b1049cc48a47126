// The clips of one session: those in progress, with their progress, and the last ones that ended.
import { AppError, isAbort } from '../base/app-error.ts';
import type { ClipRequest } from '../presentation/media-item.ts';

export interface ClipInfo {
  /** Ascending within the session. */
  id: number;
  /** Seconds of the timeline. */
  start: number;
  end: number;
  status: 'running' | 'done' | 'cancelled' | 'failed';
  /** 0 to 1. */
  progress: number;
  /** Only with status `done`. */
  outputPath?: string;
  /** A sentence; only with status `failed`. */
  error?: string;
}

const MAX_LISTED = 20;

export class SessionClips {
  #clips: ClipInfo[] = [];
  #lastId = 0;

  /** Newest last. */
  list(): ClipInfo[] {
    return this.#clips.map((clip) => ({ ...clip }));
  }

  /** Records the state of one clip while `make` makes it. @throws what `make` throws */
  async run(
    request: Omit<ClipRequest, 'onProgress'>,
    make: (request: ClipRequest) => Promise<string>,
  ): Promise<string> {
    this.#lastId += 1;
    const clip: ClipInfo = {
      id: this.#lastId,
      start: request.startSeconds,
      end: request.endSeconds,
      status: 'running',
      progress: 0,
    };
    this.#clips = [...this.#clips, clip].slice(-MAX_LISTED);
    try {
      clip.outputPath = await make({ ...request, onProgress: (share) => (clip.progress = share) });
      clip.status = 'done';
      return clip.outputPath;
    } catch (error) {
      clip.status = isAbort(error) ? 'cancelled' : 'failed';
      if (clip.status === 'failed')
        clip.error = error instanceof AppError ? error.message : 'The clip could not be made';
      throw error;
    }
  }
}
