import { describe, expect, it } from 'vitest';
import { jsonText, readPipelineText, yamlText } from '../../../../src/commands/shared/running/pipeline-text.js';
import { pipelines } from '../../../../src/pipelines/index.js';
import { writePlan } from '../../../../src/plan/document/write-plan.js';

describe('a plan as a document', () => {
  for (const plan of pipelines) {
    it(`${plan.name} reads back to an equal frozen plan`, async () => {
      const yaml = await yamlText(writePlan(plan));
      if (process.env.SHOW) console.log(yaml);
      const read = readPipelineText(yaml, 'x.yaml');
      expect(read).toStrictEqual(plan);
      expect(readPipelineText(jsonText(writePlan(plan)), 'x.json')).toStrictEqual(plan);
    });
  }
});
