// A lock that tells the directories of living processes from those of dead ones: it ends with its process, however that ends.

/** Locks a directory until the result is disposed. @throws when a process has the lock, or none can be made there */
export type LockDirectory = (path: string) => Disposable;
