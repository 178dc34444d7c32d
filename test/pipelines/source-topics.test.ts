import { expect, it } from 'vitest';
import { pipelines } from '../../src/pipelines/index.js';
import { SOURCE_TOPICS } from '../../src/pipelines/source-topics.js';

it('the topics that pipelines read are known without loading them', () => {
  const read = pipelines.map(({ name, sources }) => [name, sources.map(({ topic }) => topic)]);
  expect(SOURCE_TOPICS).toEqual(Object.fromEntries(read));
});
