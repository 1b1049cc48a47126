declare module 'fs-native-extensions' {
  /** Makes `[offset, offset + length)` a hole. @throws when the file system has no holes */
  export function trimSync(fd: number, offset: number, length: number): void;
  /** Marks a file as sparse, which Windows requires for holes. */
  export function sparseSync(fd: number): void;
}
