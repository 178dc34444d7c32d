import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completion } from '../../src/commands/completion.js';
import { COMMANDS, GROUPS } from '../../src/commands/index.js';
import { completionNodes } from '../../src/commands/shared/frame/completion-nodes.js';
import type { Context } from '../../src/commands/shared/frame/context.js';

const context = { program: { completionNodes: () => completionNodes(COMMANDS, GROUPS) } } as unknown as Context;

async function script(shell: string): Promise<string> {
  const input = { flags: {}, args: { shell: shell as never }, extra: {}, invokedAs: 'completion', given: () => true };
  const { result } = await completion.run(context, input);
  return (result as { script: string }).script;
}

/** What bash offers after these words; the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const line = `${await script('bash')}
COMP_WORDS=(streamctl "$@"); COMP_CWORD=$#; _streamctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', line, 'bash', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

describe('completion', () => {
  it('offers commands, subcommands, flags and choices in bash', async () => {
    expect(await offered('top')).toEqual(['topics']);
    expect(await offered('topics', 'de')).toEqual(['describe', 'delete']);
    expect(await offered('topics', 'create', 'a', '--part')).toEqual(['--partitions']);
    expect(await offered('--json', 'topics', 'alter', 'a', '--rem')).toEqual(['--remove']);
    expect(await offered('cat', 'a', '--unt')).toEqual(['--until']);
    expect(await offered('topics', 'list', '--output', 'nd')).toEqual(['ndjson']);
  });

  it('knows zsh and fish, and no others', async () => {
    expect(await script('zsh')).toContain("'describe:show partitions, offsets and settings of topics'");
    expect(await script('fish')).toContain("-a 'describe' -d 'show partitions, offsets and settings of topics'");
    await expect(script('tcsh')).rejects.toMatchObject({ code: 'usage' });
  });
});
