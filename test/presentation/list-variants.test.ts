// Bit rates and codecs that the multivariant playlist states, for sources of many shapes.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { MULTIVARIANT } from '../../src/media/plan/capabilities.ts';
import { planDelivery } from '../../src/media/plan/delivery-plan.ts';
import { listVariants } from '../../src/presentation/list-variants.ts';
import type { Variant } from '../../src/presentation/presentation.ts';
import { SHAPES } from '../support/facts/delivery-shapes.ts';
import { factsOf, type FactsShape } from '../support/facts/media-facts.ts';

/** 60 s of 4 Mbit/s. */
const SIZE_BYTES = 30_000_000;

function variantsOf(
  shape: FactsShape,
  { sizeBytes }: { sizeBytes: number | undefined } = { sizeBytes: SIZE_BYTES },
): Variant[] {
  const facts = factsOf(shape);
  const { original, ladder, audio } = planDelivery(facts, MULTIVARIANT);
  return listVariants({ facts, original, ladder, audio, sizeBytes });
}

suite('variants of every shape', () => {
  for (const [name, shape] of Object.entries(SHAPES))
    test(name, () => {
      const variants = variantsOf(shape);
      const most = variants[0]?.bandwidth ?? 0;
      for (const { bandwidth, averageBandwidth, codecs } of variants) {
        assert.ok(bandwidth > 0 && bandwidth <= most, 'no variant states more than the first');
        assert.ok(averageBandwidth > 0 && averageBandwidth <= bandwidth, 'the average is at most the peak');
        assert.match(codecs, /^[^,\s]+(?:,[^,\s]+)*$/u, 'codecs are a list without blanks');
      }
      assert.equal(new Set(variants.map((variant) => variant.name)).size, variants.length, 'names are unique');
    });
});

suite('the original', () => {
  test('without known sizes of packets, twice the average of the file', () => {
    const [original] = variantsOf({ audio: [] });
    assert.equal(original?.averageBandwidth, 4_000_000);
    assert.equal(original.bandwidth, 8_080_000);
  });

  test('the stated bit rate of the track counts before the size of the file', () =>
    assert.equal(variantsOf({ video: { bitRate: 3_000_000 }, audio: [] })[0]?.averageBandwidth, 3_000_000));

  test('with nothing known, 8 Mbit/s', () =>
    assert.equal(variantsOf({ audio: [] }, { sizeBytes: undefined })[0]?.averageBandwidth, 8_000_000));
});

suite('audio', () => {
  const ROWS: { what: string; audio: NonNullable<FactsShape['audio']>; codecs: string; bitRate: number }[] = [
    { what: 'copied, of a stated bit rate', audio: [{ bitRate: 128_000 }], codecs: 'mp4a.40.2', bitRate: 140_800 },
    { what: 'copied, of an unknown bit rate', audio: [{}], codecs: 'mp4a.40.2', bitRate: 192_000 },
    {
      what: 'two codecs: both are stated, and the higher bit rate counts',
      audio: [{ bitRate: 64_000 }, { codecString: 'mp4a.40.5', bitRate: 100_000 }],
      codecs: 'mp4a.40.2,mp4a.40.5',
      bitRate: 110_000,
    },
  ];
  for (const { what, audio, codecs, bitRate } of ROWS)
    test(what, () => {
      const [alone] = variantsOf({ video: null, table: null, audio });
      assert.equal(alone?.codecs, codecs);
      assert.equal(alone.averageBandwidth, bitRate);
      const [beside, ...rungs] = variantsOf({ audio });
      assert.equal(beside?.codecs, `avc1.640029,${codecs}`);
      assert.equal(beside.averageBandwidth, 4_000_000 + bitRate);
      for (const rung of rungs) assert.ok(rung.codecs.endsWith(`,${codecs}`));
    });
});
