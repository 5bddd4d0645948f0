// Tests with a name, which a runner can ask for before it runs any (conftest.py): CHATD_LIST_TESTS=1 prints the names,
// CHATD_ONLY_TESTS, a JSON list, leaves the others out.
import {after, test} from 'node:test';

const listing = process.env.CHATD_LIST_TESTS === '1';
const only = process.env.CHATD_ONLY_TESTS ? new Set(JSON.parse(process.env.CHATD_ONLY_TESTS)) : null;

export function scenario(name, options, run) {
  if (typeof options === 'function') [options, run] = [{}, options];
  if (listing) return console.log(JSON.stringify(name));
  if (only && !only.has(name)) return;
  test(name, {timeout: 60000, ...options}, run);
}

// The worlds of a file, each started for the first test that wants it and stopped after the last.
export function shared(start) {
  let world;
  if (!listing) after(async () => { if (world) await (await world).stop(); });
  return () => (world ??= start());
}
