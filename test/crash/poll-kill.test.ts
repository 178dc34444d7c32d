import { it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { killPoll } from '../support/poll-kill-run.js';

const ROUNDS = Number(process.env.ROUNDS ?? 100);
const SEED = Number(process.env.SEED ?? 7);

it(`${ROUNDS} times kill -9 of a poll (seed ${SEED}): the topic equals the feed, nothing twice, nothing missing`, async () => {
  await killPoll(seededRandom(SEED), ROUNDS);
}, 1_200_000);
