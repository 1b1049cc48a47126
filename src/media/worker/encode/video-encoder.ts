// The port of video encoders: frames in, coded pictures of H.264 out, one closed group at a time. `Frame` is the frame type of the frame grid.
import { AppError } from '../../../base/app-error.ts';
import type { EncodedVideo } from '../../model/rendition-track.ts';
import type { EncoderHeader } from '../protocol/protocol.ts';

/** A coded picture: NAL units with four-byte lengths (ISO 14496-15), in decode order. */
export interface CodedPicture {
  data: Uint8Array;
  /** The index of its frame among the encoded frames, in presentation order. */
  index: number;
  isSync: boolean;
}

export interface GroupOptions {
  /** `fast`: less time at the same quality, but more bits; for segments that a viewer waits for. Parameter sets are equal in both. */
  effort: 'normal' | 'fast';
  /** Whether the group is inserted into another stream: then parameter sets precede its first picture; otherwise only the header has them. */
  isInsert: boolean;
}

export interface VideoEncoder<Frame> {
  /** The value of `EncodedVideo.encoder`, and so part of every rendition key: equal ids give interchangeable segments. */
  readonly id: string;
  /** The parameter sets of every group of the track, for either effort. @throws AppError MEDIA_FAILED */
  header(track: EncodedVideo): Promise<EncoderHeader>;
  /** Starts one closed group: its first frame becomes an IDR picture. @throws AppError MEDIA_FAILED */
  open(track: EncodedVideo, options: GroupOptions): Promise<GroupEncoding<Frame>>;
}

/** The encoding of one group. Its user disposes it when no call is pending. */
export interface GroupEncoding<Frame> extends Disposable {
  /** The same as `VideoEncoder.header`; undefined in an insert. */
  readonly header: EncoderHeader | undefined;
  /** Encodes the next frame; resolves with the finished pictures. The frame may be reused afterwards. @throws AppError MEDIA_FAILED */
  encode(frame: Frame): Promise<CodedPicture[]>;
  /** Ends the group; resolves with the pictures that the encoder still held. */
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
