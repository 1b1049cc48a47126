// Checks that a worker reads the file that was identified when the source was opened: another file may have its path by now.
import { stat } from 'node:fs/promises';
import { hasErrno } from '../../../../base/errno.ts';
import { AppError } from '../../../../base/app-error.ts';
import { fileIdentity, isSameFile } from '../../../../base/file-identity.ts';
import type { MediaInput } from '../../../../sources/port/source.ts';
import type { WorkerInput } from '../../protocol/protocol.ts';

/** A key that is equal for inputs with equal bytes that are read in the same way. */
export function inputKey(input: WorkerInput): string {
  const file = input.kind === 'file' ? `${input.inode} ${input.sizeBytes} ${input.mtimeNs} ${input.path}` : input.url;
  if (!input.splices) return file;
  const { continuations, clock, pieces } = input.splices;
  return `${file} ${JSON.stringify([continuations, clock, pieces])}`;
}

/** Does nothing for remote sources. @throws AppError SOURCE_CHANGED, SOURCE_NOT_FOUND, SOURCE_FAILED */
export async function assertSameFile(input: MediaInput): Promise<void> {
  if (input.kind !== 'file') return;
  const stats = await stat(input.path, { bigint: true }).catch((cause: unknown) => {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR'))
      throw new AppError('SOURCE_NOT_FOUND', 'The file does not exist', { cause });
    throw new AppError('SOURCE_FAILED', 'The file could not be read', { cause });
  });
  if (!isSameFile(fileIdentity(stats), input))
    throw new AppError('SOURCE_CHANGED', 'The file changed while it was being played');
}

/** Checks the file after `read`: a result or failure of another file is discarded. @throws AppError SOURCE_CHANGED; what `read` threw */
export async function readingOneFile<T>(input: MediaInput, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } finally {
    await assertSameFile(input);
  }
}
