// Shaka Player on the video element: every error and every gap it jumps is a fault. Stalls are listed.

export async function shakaPlayer({ video, url, config, fault }) {
  const { shaka } = window;
  shaka.polyfill.installAll();
  const engine = new shaka.Player();
  await engine.attach(video);
  engine.configure(config);
  engine.addEventListener('error', ({ detail }) => fault(`shaka error ${detail.code} ${detail.message}`));
  engine.addEventListener('gapjumped', () => fault(`gap jumped at ${video.currentTime}`));
  const stalls = [];
  engine.addEventListener('stalldetected', () => stalls.push({ at: video.currentTime, ahead: Infinity }));
  await engine.load(url);
  return {
    engine,
    facts: () => ({ stalls, tracks: engine.getBufferedInfo() }),
    reload: (next) => engine.load(next),
    close: () => engine.destroy(),
  };
}
