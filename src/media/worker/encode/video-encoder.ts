// The port of video encoders: frames in, coded pictures of H.264 out, one closed group at a time. `Frame` is what the frame grid yields.
import { AppError } from '../../../base/app-error.ts';
import type { EncodedVideo } from '../../model/rendition-track.ts';
import type { EncoderHeader } from '../protocol/protocol.ts';

/** A coded picture, its NAL units with lengths of four bytes (ISO 14496-15), in decode order. */
export interface CodedPicture {
  data: Uint8Array;
  /** Which of the frames that were encoded, in presentation order. */
  index: number;
  isSync: boolean;
}

export interface GroupOptions {
  /** `fast`: less time for the same quality at more bits; for segments that a viewer waits for. The parameter sets are the same. */
  effort: 'normal' | 'fast';
  /** The group is inserted into another stream: its parameter sets stand before its first picture. Else they are in the header alone. */
  isInsert: boolean;
}

export interface VideoEncoder<Frame> {
  /** Named by `EncodedVideo.encoder`, and so by the key of every segment: equal ids give interchangeable segments. */
  readonly id: string;
  /** The parameter sets of every group of the track, whatever the effort. @throws AppError MEDIA_FAILED */
  header(track: EncodedVideo): Promise<EncoderHeader>;
  /** Starts one closed group: its first frame becomes an IDR picture. @throws AppError MEDIA_FAILED */
  open(track: EncodedVideo, options: GroupOptions): Promise<GroupEncoding<Frame>>;
}

/** One group at work. Disposed by its user; nothing is under way then. */
export interface GroupEncoding<Frame> extends Disposable {
  /** As `VideoEncoder.header`; undefined in an insert. */
  readonly header: EncoderHeader | undefined;
  /** Takes the next frame; resolves with the pictures that are finished. The frame may be reused afterwards. @throws AppError MEDIA_FAILED */
  encode(frame: Frame): Promise<CodedPicture[]>;
  /** The pictures that were held back. */
  finish(): Promise<CodedPicture[]>;
}

/** The encoders of a worker, by id. */
export class VideoEncoders<Frame> {
  readonly #encoders: ReadonlyMap<string, VideoEncoder<Frame>>;

  constructor(encoders: readonly VideoEncoder<Frame>[]) {
    this.#encoders = new Map(encoders.map((encoder) => [encoder.id, encoder]));
  }

  /** @throws AppError MEDIA_FAILED */
  get(id: string): VideoEncoder<Frame> {
    const encoder = this.#encoders.get(id);
    if (!encoder) throw new AppError('MEDIA_FAILED', `There is no video encoder ${id}`);
    return encoder;
  }
}
