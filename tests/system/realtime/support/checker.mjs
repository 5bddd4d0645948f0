// What a reader of a feed must have seen: every event once, in order, without a gap, and the same as everybody else.
import assert from 'node:assert/strict';

export function assertGapless(seen, {from = 1, to} = {}) {
  let next = from;
  for (const {offset, data} of seen) {
    assert.equal(offset, next, `expected ${next}, got ${offset} after ${seen.length} events`);
    assert.equal(data.seq, offset);
    ++next;
  }
  if (to !== undefined) assert.equal(next - 1, to, 'the last one seen');
}

export function assertSame(seen, others) {
  assert.deepEqual(seen.map(({data}) => data), others.map(({data}) => data));
}

// Numbers that look random and are the same in every run with that seed.
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
