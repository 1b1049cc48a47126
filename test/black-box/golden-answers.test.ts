// What is served today is what was served when the digests were written: any change of a byte, a playlist or a header is seen.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { clip } from '../support/clips/clips.ts';
import { GOLDEN_CLIPS, GOLDEN_PAGE, type GoldenAnswers } from '../support/judges/golden-answers.ts';
import { fileDigest, recordAnswers } from '../support/judges/recorded-answers.ts';
import { startServer } from '../support/servers/server-process.ts';

const golden: unknown = JSON.parse(readFileSync(GOLDEN_PAGE, 'utf8'));
assert.ok(isGolden(golden));

for (const name of GOLDEN_CLIPS) {
  test(`${name} is served as it was`, async (t) => {
    const expected = golden[name] ?? assert.fail(`run scripts/record-answers.ts --golden for ${name}`);
    const path = await clip(name);
    if ((await fileDigest(path)) !== expected.clip)
      return t.skip('ffmpeg of this machine makes another clip: its answers have other digests');
    await using server = await startServer();
    const answers = await recordAnswers(server.url, path);
    assert.deepEqual(Object.keys(answers), Object.keys(expected.answers));
    for (const [uri, answer] of Object.entries(expected.answers))
      assert.equal(answers[uri], answer, `${uri}: where the change is meant, run scripts/record-answers.ts --golden`);
  });
}

function isGolden(value: unknown): value is GoldenAnswers {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each: unknown) => typeof each === 'object' && each !== null && 'answers' in each)
  );
}
