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

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [];
