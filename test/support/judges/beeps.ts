// Detects the beeps in the audio of the test clips: their start, their pitch, and gaps in the hum under them.

const RATE = 48000;

export interface Beep {
  /** From the first sample. */
  seconds: number;
  hertz: number;
}

/** The beeps in mono samples at 48 kHz, as `samplesOf` returns them, exact to about a millisecond and 20 Hz. */
export function beepsIn(samples: Float32Array): Beep[] {
  const beeps: Beep[] = [];
  const loud = peakOf(samples) / 2;
  for (let i = 0; i < samples.length; i += 1) {
    if (Math.abs(samples[i] ?? 0) < loud) continue;
    const hertz = pitchOf(samples.subarray(i, i + RATE * 0.03));
    beeps.push({ seconds: i / RATE, hertz });
    // Beeps last 40 ms and start at least a second apart; encoders smear them a little.
    i += RATE * 0.2;
  }
  return beeps;
}

export interface Silence {
  startSeconds: number;
  endSeconds: number;
}

/** Stretches without the hum, in steps of 20 ms: missing audio. */
export function silencesIn(samples: Float32Array): Silence[] {
  const step = RATE * 0.02;
  const silences: Silence[] = [];
  for (let i = 0; i + step <= samples.length; i += step) {
    if (peakOf(samples.subarray(i, i + step)) > 0.002) continue;
    const last = silences.at(-1);
    if (last?.endSeconds === i / RATE) last.endSeconds = (i + step) / RATE;
    else silences.push({ startSeconds: i / RATE, endSeconds: (i + step) / RATE });
  }
  return silences;
}

/** Counts the rising zero crossings. */
function pitchOf(samples: Float32Array): number {
  const rises: number[] = [];
  for (let i = 1; i < samples.length; i += 1) {
    if ((samples[i - 1] ?? 0) < 0 && (samples[i] ?? 0) >= 0) rises.push(i);
  }
  const [first = 0, last = 0] = [rises[0], rises.at(-1)];
  return last > first ? Math.round((RATE * (rises.length - 1)) / (last - first)) : 0;
}

function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}
