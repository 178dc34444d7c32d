import { it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { killPoll } from '../support/poll-kill-run.js';

/** The long rounds are in test/crash. */
it('a poll that is killed and started again puts each item into its topic once', async () => {
  await killPoll(seededRandom(5), 6);
});
