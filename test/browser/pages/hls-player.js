// hls.js on the video element: every error but a stall is a fault, and so is a warning about how segments join. Stalls are listed.

const BAD_JOIN = /hole|overlap|inject|dropping|dropped|skipping|invalid|unexpected|failed/i;
/** Its answer to a stall, which is told by an event: a busy machine has them anywhere. Holes show in what is buffered. */
const ANSWER_TO_STALL = /stalling at|gap-controller/i;

/** @param quality name of the only variant to play; undefined: hls.js chooses */
export async function hlsPlayer({ video, url, config: { quality, ...config }, fault }) {
  const { Hls } = window;
  const engine = new Hls({ ...config, debug: logTo(fault) });
  const stalls = [];
  const { BUFFER_STALLED_ERROR, BUFFER_NUDGE_ON_STALL, BUFFER_SEEK_OVER_HOLE } = Hls.ErrorDetails;
  // The last one too: sound that begins with its first whole frame is 15 ms behind the picture, and Chromium plays over that, if it has the time.
  const stallDetails = [BUFFER_STALLED_ERROR, BUFFER_NUDGE_ON_STALL, BUFFER_SEEK_OVER_HOLE];
  engine.on(Hls.Events.ERROR, (_event, { details, fatal, error, buffer, response }) => {
    // Loading that a seek made useless.
    if (details === Hls.ErrorDetails.INTERNAL_ABORTED && !fatal) return;
    if (stallDetails.includes(details) && !fatal) stalls.push({ at: video.currentTime, ahead: buffer ?? Infinity });
    else
      fault(`${details}${fatal ? ' (fatal)' : ''} at ${video.currentTime}: ${error?.message} ${response?.code ?? ''}`);
  });
  const manifests = [];
  engine.on(Hls.Events.MANIFEST_LOADED, (_event, { networkDetails }) => {
    const sliceStart = networkDetails.getResponseHeader('X-Raffi-Slice-Start');
    manifests.push({ sliceStart, url: networkDetails.responseURL });
  });
  engine.on(Hls.Events.MANIFEST_PARSED, () => {
    if (quality === undefined) return;
    engine.startLevel = levelOf(engine, quality);
    engine.loadLevel = engine.startLevel;
  });
  engine.attachMedia(video);
  await once(engine, Hls.Events.MEDIA_ATTACHED);
  engine.loadSource(url);
  await once(engine, Hls.Events.MANIFEST_PARSED);
  return {
    engine,
    facts: () => ({ stalls, manifests }),
    levelOf: (name) => levelOf(engine, name),
    async reload(next) {
      engine.stopLoad();
      engine.loadSource(next);
      engine.startLoad(0);
      await once(engine, Hls.Events.MANIFEST_PARSED);
    },
    async close() {
      engine.destroy();
    },
  };
}

function levelOf(engine, name) {
  const index = engine.levels.findIndex((level) => level.url.some((url) => url.includes(`/${name}/`)));
  if (index < 0) throw new Error(`there is no variant ${name}`);
  return index;
}

function once(engine, event) {
  return new Promise((resolve) => {
    engine.once(event, resolve);
  });
}

function logTo(fault) {
  const quiet = () => undefined;
  const note = (...words) => {
    const text = words.map(String).join(' ');
    // Errors are told by their event.
    if (BAD_JOIN.test(text) && !ANSWER_TO_STALL.test(text)) fault(`warning: ${text}`);
  };
  return { trace: quiet, debug: quiet, log: quiet, info: quiet, warn: note, error: note };
}
