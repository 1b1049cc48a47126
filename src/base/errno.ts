// Recognizes errors of the operating system and of Node by their codes.

/** Whether the error has one of these codes (`ENOENT`, `ENOSPC`, ...). */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
