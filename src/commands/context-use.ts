import { defineCommand } from './shared/frame/command.js';
import { CONTEXT_SCHEMA, openUserFile, requireContext } from './shared/frame/user-file.js';

/** `context use` */
export const contextUse = defineCommand({
  path: 'context use',
  summary: 'make a context the current one',
  arguments: [{ name: 'name', help: 'name of the context; - for none' }],
  flags: {},
  examples: [
    { line: 'streamctl context use prod', note: 'for all later commands' },
    { line: 'streamctl context use -', note: 'back to the embedded broker' },
  ],
  exits: [0, 2, 3],
  resultSchema: CONTEXT_SCHEMA,
  mutating: true,
  async run(context, { args }) {
    const file = await openUserFile(context);
    const isNone = args.name === '-';
    file.set(['current'], isNone ? undefined : await requireContext(file, args.name));
    if (!context.dryRun) file.save();
    const status = context.dryRun ? 'would be current' : 'current';
    return {
      result: { name: args.name, status, file: file.path },
      view: { kind: 'lines', lines: [isNone ? 'no context is current' : `context ${args.name} is ${status}`] },
    };
  },
});
