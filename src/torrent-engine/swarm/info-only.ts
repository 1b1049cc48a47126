// A .torrent file without its addresses: those are given apart, after they were checked.
import { AppError } from '../../base/app-error.ts';
import { decodeBencode } from '../protocol/bencode.ts';

/** The info dictionary as it was, byte for byte, so that the info hash is too. @throws AppError SOURCE_UNUSABLE */
export function infoOnly(metainfo: Uint8Array): Uint8Array {
  const span = decodeBencode(metainfo).spans.get('info');
  if (!span) throw new AppError('SOURCE_UNUSABLE', 'The torrent file does not describe any content');
  return Buffer.concat([Buffer.from('d4:info'), metainfo.subarray(span.start, span.end), Buffer.from('e')]);
}
