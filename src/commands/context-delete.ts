import { defineCommand } from './shared/frame/command.js';
import { confirm } from './shared/frame/confirm.js';
import { CONTEXT_SCHEMA, openUserFile, requireContext } from './shared/frame/user-file.js';

/** `context delete` */
export const contextDelete = defineCommand({
  path: 'context delete',
  summary: 'forget named settings',
  arguments: [{ name: 'name', help: 'name of the context' }],
  flags: {},
  examples: [{ line: 'streamctl context delete prod -y', note: 'without being asked' }],
  exits: [0, 2, 3],
  resultSchema: CONTEXT_SCHEMA,
  mutating: true,
  async run(context, { args }) {
    const file = await openUserFile(context);
    const name = await requireContext(file, args.name);
    await confirm(context, `delete context ${name}?`);
    file.set(['contexts', name], undefined);
    if (file.current === name) file.set(['current'], undefined);
    if (!context.dryRun) file.save();
    const status = context.dryRun ? 'would be deleted' : 'deleted';
    return {
      result: { name, status, file: file.path },
      view: { kind: 'lines', lines: [`context ${name} ${status}`] },
    };
  },
});
