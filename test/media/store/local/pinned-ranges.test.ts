// Which segments are pinned, after viewers moved, left, or fell silent.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { PinnedRanges } from '../../../../src/media/store/local/pinned-ranges.ts';

type Step =
  | { set: [viewer: string, rendition: string, from: number, to: number]; expiresMs?: number }
  | { remove: string }
  | { expire: number };

suite('pinned segments', () => {
  const a: Step = { set: ['a', 'x', 3, 5], expiresMs: 100 };
  const ROWS: { what: string; steps: Step[]; x: number[]; y?: number[] }[] = [
    { what: 'none', steps: [], x: [] },
    { what: 'from the first to before the last', steps: [a], x: [3, 4] },
    { what: 'an empty range', steps: [{ set: ['a', 'x', 3, 3] }], x: [] },
    { what: 'a newer range replaces the older one', steps: [a, { set: ['a', 'x', 7, 9] }], x: [7, 8] },
    { what: 'ranges of two viewers', steps: [a, { set: ['b', 'x', 4, 7] }], x: [3, 4, 5, 6] },
    { what: 'ranges of one viewer in two renditions', steps: [a, { set: ['a', 'y', 7, 8] }], x: [3, 4], y: [7] },
    { what: 'a viewer leaves', steps: [a, { set: ['b', 'x', 4, 7] }, { remove: 'a' }], x: [4, 5, 6] },
    { what: 'a viewer leaves all renditions', steps: [a, { set: ['a', 'y', 7, 8] }, { remove: 'a' }], x: [] },
    { what: 'a viewer that is unknown leaves', steps: [a, { remove: 'b' }], x: [3, 4] },
    { what: 'a viewer comes back', steps: [a, { remove: 'a' }, { set: ['a', 'x', 0, 1] }], x: [0] },
    { what: 'before it expires', steps: [a, { expire: 99 }], x: [3, 4] },
    { what: 'when it expires', steps: [a, { expire: 100 }], x: [] },
    {
      what: 'one expires, the other stays',
      steps: [a, { set: ['b', 'x', 4, 7], expiresMs: 200 }, { set: ['a', 'y', 7, 8], expiresMs: 50 }, { expire: 150 }],
      x: [4, 5, 6],
    },
    {
      what: 'a newer range expires later',
      steps: [a, { set: ['a', 'x', 3, 5], expiresMs: 200 }, { expire: 100 }],
      x: [3, 4],
    },
  ];
  for (const { what, steps, x, y = [] } of ROWS)
    test(what, () => {
      const pinned = new PinnedRanges();
      for (const step of steps) {
        if ('remove' in step) pinned.remove(step.remove);
        else if ('expire' in step) pinned.expire(step.expire);
        else {
          const [viewer, rendition, from, to] = step.set;
          pinned.set(viewer, rendition, { from, to, expiresMs: step.expiresMs ?? Infinity });
        }
      }
      const numbers = Array.from({ length: 12 }, (_, i) => i - 1);
      const found = (rendition: string) => numbers.filter((number) => pinned.has(rendition, number));
      assert.deepEqual([found('x'), found('y'), found('z')], [x, y, []]);
    });
});
