// Records what a server answers about the test clips, to compare two versions of the program:
// `node scripts/with-setup.mjs scripts/record-answers.ts OUT.json [SERVER_URL]`; with an address, the server that runs there is asked.
// `--golden` rewrites the digests that test/black-box/golden-answers.test.ts compares with.
import { writeFileSync } from 'node:fs';
import { CLIPS } from '../test/support/clips/catalogue.ts';
import { clip } from '../test/support/clips/clips.ts';
import { fileDigest, recordAnswers, type RecordedAnswers } from '../test/support/judges/recorded-answers.ts';
import { GOLDEN_CLIPS, GOLDEN_PAGE, type GoldenAnswers } from '../test/support/judges/golden-answers.ts';
import { startServer } from '../test/support/servers/server-process.ts';

const words = process.argv.slice(2);
const isGolden = words.includes('--golden');
const [out, url] = words.filter((word) => word !== '--golden');
const stack = new AsyncDisposableStack();
const address = url ?? stack.use(await startServer()).url;
const recorded: GoldenAnswers = {};
for (const name of isGolden ? GOLDEN_CLIPS : playingClips()) {
  const path = await clip(name);
  const answers: RecordedAnswers = await recordAnswers(address, path);
  recorded[name] = { clip: await fileDigest(path), answers };
  console.log(`${name}: ${Object.keys(answers).length} answers`);
}
writeFileSync(isGolden ? GOLDEN_PAGE : (out ?? 'answers.json'), `${JSON.stringify(recorded, null, 2)}\n`);
await stack.disposeAsync();

function playingClips(): (keyof typeof CLIPS)[] {
  const names = Object.keys(CLIPS).filter((name): name is keyof typeof CLIPS => Object.hasOwn(CLIPS, name));
  // Those of an hour would be encoded for an hour.
  return names.filter((name) => CLIPS[name].verdict === 'plays' && !name.startsWith('long-'));
}
