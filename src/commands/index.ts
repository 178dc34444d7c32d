import type { CommandSpec } from './shared/command.js';

/** What the list of commands needs to know; the rest of a command is loaded when it is called. */
export interface CommandEntry {
  /** Same as the spec's own, held by a test. */
  readonly path: string;
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly hidden?: true;
  load(): Promise<CommandSpec>;
}

/** First words that are no commands themselves, with their line in the help. */
export const GROUPS: Readonly<Record<string, string>> = {
  topics: 'create, look at and change topics',
  groups: 'look at consumer groups and move them',
  pipelines: 'the built-in pipelines and your own',
  broker: 'the embedded broker of this folder',
  cluster: 'the cluster that commands talk to',
  config: 'where settings come from',
  context: 'named settings, kept for you',
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    path: 'config show',
    summary: 'show every setting and where it comes from',
    load: async () => (await import('./config-show.js')).configShow,
  },
];
