import { GLOBAL_FLAGS, longName, MUTATING_FLAGS, STREAMING_FLAGS } from '../settings/global-flags.js';
import type { CommandEntry, FlagSpecs } from './command.js';
import type { CompletionFlag, CompletionNode } from './completion.js';

/** The tree of commands as shells see it. */
export async function completionNodes(
  commands: readonly CommandEntry[],
  groups: Readonly<Record<string, string>>,
): Promise<readonly CompletionNode[]> {
  const shown = commands.filter(({ hidden }) => !hidden);
  const global = flagsOf(GLOBAL_FLAGS);
  const rest = (path: string, prefix: string): string => path.slice(prefix.length).trim();
  const inner = Object.keys(groups).map((group) => ({
    path: group,
    words: shown
      .filter(({ path }) => path.startsWith(`${group} `))
      .map(({ path, summary }) => ({ word: rest(path, group), help: summary })),
    flags: global,
  }));
  const leaves = await Promise.all(
    shown.map(async (entry) => {
      const spec = await entry.load();
      const flags = {
        ...spec.flags,
        ...(spec.mutating ? MUTATING_FLAGS : {}),
        ...(spec.streaming ? STREAMING_FLAGS : {}),
      };
      return { path: entry.path, words: [], flags: [...flagsOf(flags), ...global] };
    }),
  );
  const aliases = shown.flatMap(({ path, aliases: names = [] }) =>
    names.map((name) => ({ ...leaves.find((leaf) => leaf.path === path)!, path: name })),
  );
  const first = [
    ...Object.entries(groups).map(([word, help]) => ({ word, help })),
    ...shown
      .filter(({ path }) => !path.includes(' '))
      .flatMap(({ path, summary, aliases: names = [] }) => [path, ...names].map((word) => ({ word, help: summary }))),
  ];
  return [{ path: '', words: first, flags: global }, ...inner, ...leaves, ...aliases];
}

function flagsOf(flags: FlagSpecs): readonly CompletionFlag[] {
  return Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .map(([key, flag]) => ({
      long: `--${longName(key)}`,
      help: flag.help,
      choices: flag.type === 'choice' ? flag.choices : [],
    }));
}
