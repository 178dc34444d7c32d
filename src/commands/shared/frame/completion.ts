/** A flag as a shell completes it. */
export interface CompletionFlag {
  /** With its dashes. */
  readonly long: string;
  readonly help: string;
  /** Values to offer after it; empty where any text may follow. */
  readonly choices: readonly string[];
}

/** What may follow some words of a command line. */
export interface CompletionNode {
  /** The words, empty for the program alone. */
  readonly path: string;
  /** Commands that may follow, with their aliases. */
  readonly words: readonly { readonly word: string; readonly help: string }[];
  readonly flags: readonly CompletionFlag[];
}

/** Shells that can be taught. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that teaches `shell` to complete the commands of `nodes`. */
export function completionScript(shell: Shell, nodes: readonly CompletionNode[]): string {
  if (shell === 'bash') return bashScript(nodes);
  return shell === 'zsh' ? zshScript(nodes) : fishScript(nodes);
}

/** Lines of a `case` that walks from a path to the next one. */
function walkCases(nodes: readonly CompletionNode[], indent: string): string {
  const known = new Set(nodes.map(({ path }) => path));
  return nodes
    .flatMap(({ path, words }) => words.map(({ word }) => [path, word, `${path} ${word}`.trim()] as const))
    .filter(([, , next]) => known.has(next))
    .map(([path, word, next]) => `${indent}"${path}:${word}") path="${next}" ;;`)
    .join('\n');
}

/** `--flag` -> its choices, each once. */
function choiceCases(nodes: readonly CompletionNode[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { flags } of nodes)
    for (const { long, choices } of flags) if (choices.length > 0) found.set(long, choices);
  return found;
}

function bashScript(nodes: readonly CompletionNode[]): string {
  const choices = [...choiceCases(nodes)].map(([long, values]) => `    ${long}) words="${values.join(' ')}" ;;`);
  const offers = nodes.map(({ path, words, flags }) => {
    const all = [...words.map(({ word }) => word), ...flags.map(({ long }) => long)];
    return `    "${path}") words="${all.join(' ')}" ;;`;
  });
  return `# bash completion of streamctl: source <(streamctl completion bash)
_streamctl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path:\${COMP_WORDS[i]}" in
${walkCases(nodes, '      ')}
    esac
  done
  case "$path" in
${offers.join('\n')}
  esac
  case "$prev" in
${choices.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _streamctl streamctl
`;
}

function zshScript(nodes: readonly CompletionNode[]): string {
  const item = (name: string, help: string): string =>
    `'${name.replaceAll(':', '\\:')}:${help.replaceAll("'", "'\\''")}'`;
  const choices = [...choiceCases(nodes)].map(
    ([long, values]) => `    ${long}) compadd -- ${values.join(' ')}; return ;;`,
  );
  const offers = nodes.map(({ path, words, flags }) => {
    const items = [
      ...words.map(({ word, help }) => item(word, help)),
      ...flags.map(({ long, help }) => item(long, help)),
    ];
    return `    "${path}") items=(${items.join(' ')}) ;;`;
  });
  return `#compdef streamctl
# zsh completion of streamctl: source <(streamctl completion zsh)
_streamctl() {
  local path="" i
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    case "$path:\${words[i]}" in
${walkCases(nodes, '      ')}
    esac
  done
  case "\${words[CURRENT-1]}" in
${choices.join('\n')}
  esac
  case "$path" in
${offers.join('\n')}
  esac
  _describe 'streamctl' items || _files
}
compdef _streamctl streamctl
`;
}

function fishScript(nodes: readonly CompletionNode[]): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const walk = nodes.flatMap(({ path, words }) =>
    words.map(
      ({ word }) => `      case ${quote(`${path}:${word}`)}\n        set path ${quote(`${path} ${word}`.trim())}`,
    ),
  );
  const lines = nodes.flatMap(({ path, words, flags }) => {
    const when = `-n ${quote(`__streamctl_at ${quote(path)}`)}`;
    return [
      ...words.map(({ word, help }) => `complete -c streamctl -f ${when} -a ${quote(word)} -d ${quote(help)}`),
      ...flags.map(({ long, help, choices }) => {
        const values = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : '';
        return `complete -c streamctl ${when} -l ${long.slice(2)}${values} -d ${quote(help)}`;
      }),
    ];
  });
  return `# fish completion of streamctl: streamctl completion fish | source
function __streamctl_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch "$path:$word"
${walk.join('\n')}
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}
