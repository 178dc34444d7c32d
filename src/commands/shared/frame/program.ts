import { Command, CommanderError, Help, Option } from 'commander';
import { assert } from '../../../base/assert.js';
import { StreamctlError } from '../../../base/errors.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import { environmentName, GLOBAL_FLAGS, longName, MUTATING_FLAGS, STREAMING_FLAGS } from '../settings/global-flags.js';
import type { CommandEntry, CommandSpec, FlagSpec, FlagSpecs } from './command.js';
import { EXIT_MEANINGS } from './exit-codes.js';
import type { RawFlag } from './flag-values.js';

/** What the command line says, not yet checked against other sources of configuration. */
export type Parsed =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'command';
      readonly spec: CommandSpec;
      /** The last word of the path as it was typed: `cat` for `consume`. */
      readonly invokedAs: string;
      /** Own flags and those of {@link CommandSpec.dynamicFlags}. */
      readonly extra: FlagSpecs;
      /** Typed flags by key, global ones too. */
      readonly typed: Readonly<Record<string, RawFlag>>;
      readonly args: Readonly<Record<string, string | readonly string[] | undefined>>;
    };

/** What the top of the help needs. */
export interface ProgramInfo {
  readonly version: string;
  readonly summary: string;
  /** Summaries of first words that are no commands themselves: `topics`. */
  readonly groups: Readonly<Record<string, string>>;
  readonly columns: number;
}

const GLOBAL_HEADING = 'Global flags:';

/**
 * Reads a command line against the tree of commands; loads only the command that is called.
 * @param argv words after the program's name.
 * @throws `usage` with a suggestion for unknown commands and flags.
 */
export async function parseCommandLine(
  argv: readonly string[],
  entries: readonly CommandEntry[],
  info: ProgramInfo,
): Promise<Parsed> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
  const tree = new Tree(entries, info, words);
  try {
    await tree.root.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text: `${tree.text.trimEnd()}\n` };
    const group = tree.groupOf(words);
    if (error.code !== 'commander.help') throw usageError(error, tree);
    // `streamctl` alone is how one says hello: it prints the help and succeeds.
    if (group === tree.root) return { kind: 'text', text: tree.root.helpInformation() + rootFooter() };
    throw new StreamctlError('usage', `${group.name()} needs a subcommand`, {
      detail: group.commands.map((command) => command.name()).join(', '),
      hint: `streamctl ${group.name()} --help`,
    });
  }
  assert(tree.parsed, 'a parsed line has a command');
  return tree.parsed;
}

/** The commander commands of one parse. */
class Tree {
  readonly root: Command;
  text = '';
  parsed: Parsed | undefined;
  /** The command whose words were read last. */
  called: Command | undefined;
  readonly #info: ProgramInfo;
  readonly #words: readonly string[];
  readonly #entries = new Map<Command, CommandEntry>();

  constructor(entries: readonly CommandEntry[], info: ProgramInfo, words: readonly string[]) {
    this.#info = info;
    this.#words = words;
    this.root = new Command('streamctl').description(info.summary);
    this.#prepareGroup(this.root);
    this.root
      .version(info.version, '-V, --version', 'print the version')
      .configureOutput({
        writeOut: (text) => {
          this.text += text;
        },
        writeErr: () => undefined,
      })
      .exitOverride();
    addFlags(this.root, GLOBAL_FLAGS, GLOBAL_HEADING);
    this.root.addHelpText('after', rootFooter());
    for (const entry of entries) this.#addEntry(entry);
  }

  /** The group that `words` end in, the root when they name none. */
  groupOf(words: readonly string[]): Command {
    return this.root.commands.find((command) => words.includes(command.name())) ?? this.root;
  }

  #prepareGroup(command: Command): void {
    command
      .enablePositionalOptions()
      .helpCommand(false)
      .helpOption('-h, --help', 'print this help')
      .configureHelp(helpStyle(this.#info.columns))
      .hook('preSubcommand', (_, called) => this.#load(called));
  }

  #addEntry(entry: CommandEntry): void {
    const path = entry.path.split(' ');
    let parent = this.root;
    for (const word of path.slice(0, -1)) {
      let group = parent.commands.find((command) => command.name() === word);
      if (!group) {
        group = parent.command(word).description(this.#info.groups[word] ?? '');
        this.#prepareGroup(group);
        addFlags(group, GLOBAL_FLAGS, GLOBAL_HEADING);
      }
      parent = group;
    }
    const leaf = parent.command(path.at(-1)!, { hidden: entry.hidden === true });
    leaf.description(entry.summary).configureHelp(helpStyle(this.#info.columns));
    leaf.helpOption('-h, --help', 'print this help');
    for (const alias of entry.aliases ?? []) leaf.alias(alias);
    this.#entries.set(leaf, entry);
  }

  /** Gives a leaf its flags, arguments and action, just before commander looks at its words. */
  async #load(command: Command): Promise<void> {
    this.called = command;
    const entry = this.#entries.get(command);
    if (!entry) return;
    const spec = await entry.load();
    const tail = this.#tailOf(entry);
    const extra = spec.dynamicFlags ? await spec.dynamicFlags(tail.words) : {};
    if (spec.description) command.description(`${spec.summary}\n\n${spec.description}`);
    for (const argument of spec.arguments) {
      const name = `${longName(argument.name)}${argument.variadic ? '...' : ''}`;
      command.argument(argument.optional ? `[${name}]` : `<${name}>`, argument.help);
    }
    addFlags(command, spec.flags, 'Flags:');
    addFlags(command, extra, 'Parameters:');
    if (spec.mutating) addFlags(command, MUTATING_FLAGS, 'Flags:');
    if (spec.streaming) addFlags(command, STREAMING_FLAGS, 'Flags that end a stream:');
    addFlags(command, GLOBAL_FLAGS, GLOBAL_HEADING);
    command.allowExcessArguments(false).addHelpText('after', leafFooter(spec));
    command.action(() => {
      const args: Record<string, string | readonly string[] | undefined> = {};
      spec.arguments.forEach((argument, index) => {
        args[argument.name] = command.processedArgs[index] as string | readonly string[] | undefined;
      });
      let typed: Record<string, RawFlag> = {};
      for (let at: Command | null = command; at; at = at.parent) typed = { ...typedFlags(at), ...typed };
      this.parsed = { kind: 'command', spec, invokedAs: tail.invokedAs, extra, typed, args };
    });
  }

  #tailOf(entry: CommandEntry): { readonly invokedAs: string; readonly words: readonly string[] } {
    const last = entry.path.split(' ').at(-1)!;
    const names = [last, ...(entry.aliases ?? [])];
    const at = this.#words.findIndex((word) => names.includes(word));
    return { invokedAs: this.#words[at] ?? last, words: this.#words.slice(at + 1) };
  }
}

/** Names of alias options and the key they stand for. */
function aliasKey(key: string): string {
  return `${key}Alias`;
}

function addFlags(command: Command, flags: FlagSpecs, heading: string): void {
  for (const [key, spec] of Object.entries(flags)) {
    const option = new Option(flagText(key, spec), flagHelp(key, spec)).helpGroup(heading);
    // Commander would make its own name from the long flag; ours is the key.
    option.attributeName = () => key;
    if (spec.type === 'list') option.argParser(collect);
    if (spec.hidden) option.hideHelp();
    command.addOption(option);
    if (spec.type === 'boolean' && spec.default) {
      const negated = new Option(`--no-${longName(key)}`, `turn off --${longName(key)}`).helpGroup(heading);
      negated.attributeName = () => key;
      command.addOption(negated);
    }
    if (spec.alias) {
      const short = key === 'brokers' ? '-B, ' : '';
      const alias = new Option(`${short}--${spec.alias}${valueText(spec)}`).hideHelp();
      alias.attributeName = () => aliasKey(key);
      command.addOption(alias);
    }
  }
}

function collect(value: string, before: unknown): string[] {
  return [...((before as string[] | undefined) ?? []), value];
}

function valueText(spec: FlagSpec): string {
  return spec.type === 'boolean' ? '' : ` <${spec.placeholder ?? placeholderOf(spec)}>`;
}

function placeholderOf(spec: FlagSpec): string {
  if (spec.type === 'choice') return spec.choices.join('|');
  if (spec.type === 'number') return 'N';
  return spec.type === 'duration' ? 'D' : 'VALUE';
}

function flagText(key: string, spec: FlagSpec): string {
  return `${spec.short ? `-${spec.short}, ` : ''}--${longName(key)}${valueText(spec)}`;
}

function flagHelp(key: string, spec: FlagSpec): string {
  const fallback = 'default' in spec && spec.default !== undefined ? ` (default ${String(spec.default)})` : '';
  const required = spec.required ? ` (required; or ${environmentName(key)})` : '';
  return spec.help + fallback + required;
}

function typedFlags(command: Command): Record<string, RawFlag> {
  const typed: Record<string, RawFlag> = {};
  for (const [key, value] of Object.entries(command.opts<Record<string, RawFlag>>())) {
    if (command.getOptionValueSource(key) === 'cli') typed[key.replace(/Alias$/, '')] = value;
  }
  return typed;
}

/** Wide enough for the eye, narrow enough for a line of text. */
const MAX_HELP_COLUMNS = 110;

function helpStyle(columns: number): Partial<Help> & { readonly helpWidth: number } {
  return {
    helpWidth: Math.min(columns, MAX_HELP_COLUMNS),
    showGlobalOptions: false,
    subcommandTerm: (command) => command.name(),
    visibleOptions(command) {
      const all = Help.prototype.visibleOptions.call(this, command);
      // The global flags would double every page; the top page has them.
      return command.parent ? all.filter((option) => option.helpGroupHeading !== GLOBAL_HEADING) : all;
    },
  };
}

function rootFooter(): string {
  return `
Every flag can be given by environment (STREAMCTL_<FLAG>), .env, streamctl.yaml or a context too.

First steps:
  streamctl demo                          see it all at once, leaves nothing behind
  streamctl topics create cars-test -p 3  the embedded broker starts by itself
  streamctl replay cars.csv --pause 1s    send a file as a stream
`;
}

function leafFooter(spec: CommandSpec): string {
  const examples = spec.examples.map(({ line, note }) => `  ${line}\n      ${note}`).join('\n');
  const exits = [...spec.exits].map((exit) => `  ${String(exit).padEnd(4)} ${EXIT_MEANINGS[exit] ?? ''}`).join('\n');
  return `
Examples:
${examples}

Exit codes:
${exits}

Global flags (--brokers, --output, --json, -q, ...): streamctl --help
`;
}

/** Commander's words in ours: `unknown option '--partition'` -> `unknown flag "--partition"` and what was meant. */
function usageError(error: CommanderError, tree: Tree): StreamctlError {
  const command = tree.called ?? tree.root;
  const lines = error.message.replace(/^error: /, '').split('\n');
  const message = lines[0]!
    .replace(/^unknown option/, 'unknown flag')
    .replace(/^option /, 'flag ')
    .replace(/^missing required argument/, 'missing argument')
    .replace(/ for command '[^']*'/, '')
    .replaceAll("'", '"');
  const wrong = /"(-*[^"]*)"/.exec(message)?.[1] ?? '';
  const near = error.code === 'commander.unknownOption' ? nearestFlag(wrong, command) : suggestedCommand(lines[1]);
  const words: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) words.unshift(at.name());
  return new StreamctlError('usage', message, {
    hint: near ? `did you mean ${near}?` : ['streamctl', ...words, '--help'].join(' '),
  });
}

function nearestFlag(wrong: string, command: Command): string | undefined {
  const known = [...command.options, ...(command.parent?.options ?? [])].flatMap(({ long }) => (long ? [long] : []));
  return didYouMean(wrong.replace(/=.*$/, ''), known);
}

function suggestedCommand(line: string | undefined): string | undefined {
  return /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(line ?? '')?.[1];
}
