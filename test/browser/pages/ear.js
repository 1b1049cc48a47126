// Hands on what comes out of the video element: mono samples, 128 at a time.
class Ear extends AudioWorkletProcessor {
  process([channels]) {
    if (channels[0] !== undefined) this.port.postMessage(channels[0].slice());
    return true;
  }
}

registerProcessor('ear', Ear);
