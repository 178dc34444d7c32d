import { expect, it } from 'vitest';
import { BUILT_IN } from '../../src/pipelines/built-in.js';

it.each(BUILT_IN)('the name and the topics of $name are known without making it', async ({ name, reads, load }) => {
  const plan = await load();
  expect({ name, reads }).toEqual({ name: plan.name, reads: plan.sources.map(({ topic }) => topic) });
});
