import { defineCommand } from './shared/frame/command.js';

/** `completion` */
export const completion = defineCommand({
  path: 'completion',
  summary: 'print a completion script for your shell',
  arguments: [{ name: 'shell', help: 'bash, zsh or fish' }],
  flags: {},
  examples: [
    { line: 'source <(streamctl completion bash)', note: 'in ~/.bashrc; the same with zsh in ~/.zshrc' },
    { line: 'streamctl completion fish | source', note: 'in config.fish' },
  ],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    properties: { shell: { type: 'string' }, script: { type: 'string' } },
    required: ['shell', 'script'],
  },
  async run(context, { args }) {
    const [{ SHELLS, completionScript }, { StreamctlError }] = await Promise.all([
      import('./shared/frame/completion.js'),
      import('../base/errors.js'),
    ]);
    const shell = SHELLS.find((known) => known === args.shell);
    if (!shell) {
      throw new StreamctlError('usage', `"${args.shell}" is not a shell that can be completed`, {
        hint: `one of ${SHELLS.join(', ')}`,
      });
    }
    const script = completionScript(shell, await context.program.completionNodes());
    return { result: { shell, script }, view: { kind: 'lines', lines: script.trimEnd().split('\n') } };
  },
});
