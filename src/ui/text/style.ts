/** How many colours may be used: none, the 16 of every terminal, 256, or 24 bit. */
export type ColorDepth = 0 | 4 | 8 | 24;

/** What may be written to a stream: decided once, by {@link detectStyle}. */
export interface Style {
  readonly color: ColorDepth;
  /** Box drawing, blocks and braille; ASCII otherwise. */
  readonly unicode: boolean;
  /** Whether a person looks at it right now. */
  readonly terminal: boolean;
  /** Size in cells: the terminal's, else `COLUMNS` and `LINES`, else 80x24. */
  readonly columns: number;
  readonly rows: number;
}

/** What {@link detectStyle} looks at in a stream. */
export interface StreamTraits {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Plain text for files and pipes. */
export const PLAIN_STYLE: Style = { color: 0, unicode: true, terminal: false, columns: 80, rows: 24 };

/**
 * Decides colours and glyphs for a stream.
 * @param colorFlag value of `--color`. `NO_COLOR` (any value but empty) and `TERM=dumb` speak when it is `auto`.
 * @see https://no-color.org
 */
export function detectStyle(
  stream: StreamTraits,
  env: Environment,
  colorFlag: 'auto' | 'always' | 'never' = 'auto',
): Style {
  const terminal = stream.isTTY === true;
  return {
    color: colorDepth(terminal, env, colorFlag),
    unicode: speaksUtf8(env, terminal),
    terminal,
    columns: (terminal ? positive(stream.columns) : undefined) ?? positive(Number(env.COLUMNS)) ?? 80,
    rows: (terminal ? positive(stream.rows) : undefined) ?? positive(Number(env.LINES)) ?? 24,
  };
}

function positive(count: number | undefined): number | undefined {
  return count !== undefined && Number.isInteger(count) && count > 0 ? count : undefined;
}

function colorDepth(terminal: boolean, env: Environment, flag: 'auto' | 'always' | 'never'): ColorDepth {
  if (flag === 'never') return 0;
  const best = depthOfTerminal(env);
  if (flag === 'always') return best === 0 ? 4 : best;
  if (env.NO_COLOR || env.TERM === 'dumb') return 0;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return best === 0 ? 4 : best;
  return terminal ? best : 0;
}

function depthOfTerminal(env: Environment): ColorDepth {
  const term = env.TERM ?? '';
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? '') || env.WT_SESSION || /-direct$/.test(term)) return 24;
  if (/^(iTerm\.app|WezTerm|ghostty|vscode)$/.test(env.TERM_PROGRAM ?? '')) return 24;
  if (/-256(color)?$/.test(term) || /^(tmux|screen|xterm-kitty|alacritty)/.test(term)) return 8;
  return term === 'dumb' ? 0 : 4;
}

/** Files and pipes get UTF-8 always; a terminal gets it unless its locale says that it cannot show it. */
function speaksUtf8(env: Environment, terminal: boolean): boolean {
  if (env.STREAMCTL_ASCII && env.STREAMCTL_ASCII !== '0') return false;
  if (!terminal) return true;
  if (env.TERM === 'linux' || env.TERM === 'dumb') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  // An unset locale (containers, Windows) is far more often UTF-8 than not; "C" and "POSIX" mean what they say.
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}

/** Meaning of a piece of text; the colour follows from it. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad' | 'accent';

const TONE_CODES: Readonly<Record<Tone, readonly [open: number, close: number] | undefined>> = {
  plain: undefined,
  strong: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  accent: [36, 39],
};

/** `text` in the colour of `tone`, or as it is where colours are off. */
export function paint(text: string, tone: Tone, style: Pick<Style, 'color'>): string {
  const codes = TONE_CODES[tone];
  return style.color === 0 || !codes || text === '' ? text : `\u001b[${codes[0]}m${text}\u001b[${codes[1]}m`;
}
