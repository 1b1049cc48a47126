declare module 'fs-native-extensions' {
  /** Makes `[offset, offset + length)` a hole. @throws where the file system has none */
  export function trimSync(fd: number, offset: number, length: number): void;
  /** Lets a file have holes, where that has to be said (Windows). */
  export function sparseSync(fd: number): void;
}
