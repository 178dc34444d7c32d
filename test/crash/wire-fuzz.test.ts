import { expect, it } from 'vitest';
import { fuzz } from '../wire/fuzz.js';

const RUNS = 1_000_000;

it('a million damaged frames end in an answer or a named error', () => {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(performance.timeOrigin));
  console.log(`seed ${seed} (FUZZ_SEED repeats it)`);
  const { decoded, refused } = fuzz(RUNS, seed);
  console.log(`${decoded} decoded, ${refused} refused`);
  expect(decoded + refused).toBe(RUNS);
}, 600_000);
