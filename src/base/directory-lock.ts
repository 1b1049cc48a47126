// A lock that shows whether the process of a directory is running: it ends with its process, even after a crash.

/** Locks a directory until the result is disposed. @throws when a process holds the lock, or the lock cannot be made */
export type LockDirectory = (path: string) => Disposable;
