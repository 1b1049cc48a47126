// A media worker with the faulty encoders in addition to the real one.
import { x264Encoder } from '../../../src/media/worker/libav/video/x264-encoder.ts';
import { runWorker } from '../../../src/media/worker/run-worker.ts';
import { ENCODER_FAULTS, faultyEncoder } from './faulty-encoder.ts';

runWorker([x264Encoder, ...ENCODER_FAULTS.map(faultyEncoder)]);
