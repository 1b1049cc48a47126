// A .torrent file without its addresses: those are passed separately, after they were checked.
import { AppError } from '../../base/app-error.ts';
import { decodeBencode } from '../protocol/bencode.ts';

/** Keeps the info dictionary byte for byte, so that the info hash stays the same. @throws AppError SOURCE_UNUSABLE */
export function infoOnly(metainfo: Uint8Array): Uint8Array {
  const span = decodeBencode(metainfo).spans.get('info');
  if (!span) throw new AppError('SOURCE_UNUSABLE', 'The torrent file does not describe any content');
  return Buffer.concat([Buffer.from('d4:info'), metainfo.subarray(span.start, span.end), Buffer.from('e')]);
}
