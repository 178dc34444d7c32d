import { StreamctlError } from '../base/errors.js';
import { defineCommand } from './shared/frame/command.js';

/** `pipelines init` */
export const pipelinesInit = defineCommand({
  path: 'pipelines init',
  summary: 'write a pipeline of your own to begin with',
  description: 'Writes NAME.pipeline.yaml (or .ts) with comments into the working folder. It runs as it is.',
  arguments: [{ name: 'name', help: 'of the pipeline: letters, digits, "-", "_" and "."' }],
  flags: { format: { type: 'choice', choices: ['yaml', 'ts'], default: 'yaml', help: 'how it is written' } },
  examples: [
    { line: 'streamctl pipelines init sensors', note: 'then: streamctl run ./sensors.pipeline.yaml' },
    { line: 'streamctl pipelines init sensors --format ts', note: 'the same in TypeScript' },
  ],
  exits: [0, 2, 3],
  resultSchema: {
    type: 'object',
    properties: { name: { type: 'string' }, file: { type: 'string' }, status: { type: 'string' } },
    required: ['name', 'file', 'status'],
  },
  mutating: true,
  async run(context, { args, flags }) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(args.name)) {
      throw new StreamctlError('usage', `"${args.name}" cannot name a pipeline`, {
        hint: 'use letters, digits, "-", "_" and "."; its topics are called after it',
      });
    }
    const { starterText } = await import('./shared/running/starter.js');
    const file = `${args.name}.pipeline.${flags.format}`;
    const path = context.resolvePath(file);
    if (context.files.exists(path) && !context.yes) {
      throw new StreamctlError('conflict', `${file} exists already`, { hint: 'add -y to replace it' });
    }
    const text = starterText(args.name, flags.format);
    if (!context.dryRun) context.files.replaceFile(path, new TextEncoder().encode(text));
    const status = context.dryRun ? 'would be written' : 'written';
    return {
      result: { name: args.name, file: path, status },
      view: { kind: 'lines', lines: [`${file} ${status}; next: streamctl run ./${file}`] },
    };
  },
});
