// The entry of media worker processes.
import { x264Encoder } from './libav/video/x264-encoder.ts';
import { runWorker } from './run-worker.ts';

runWorker([x264Encoder]);
