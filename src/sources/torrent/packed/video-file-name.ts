// Recognizes video files by their names.

const FILM = /\.(?:3gp|asf|avi|divx|f4v|flv|m2ts|m2v|m4v|mkv|mov|mp4|mpe?g|mts|mxf|ogm|ogv|rm|rmvb|ts|vob|webm|wmv)$/iu;

export function isVideoFileName(path: string): boolean {
  return FILM.test(path);
}
