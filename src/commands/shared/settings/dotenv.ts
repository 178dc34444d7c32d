const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)$/;

/** Reads `KEY=value` lines: `#` comments, optional `export`, single quotes verbatim, double quotes with `\n`. */
export function parseDotEnv(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = LINE.exec(line);
    if (match) values[match[1]!] = unquote(match[2]!);
  }
  return values;
}

function unquote(written: string): string {
  const single = /^'([^']*)'/.exec(written);
  if (single) return single[1]!;
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(written);
  if (double) return double[1]!.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  return written.replace(/\s+#.*$/, '').trim();
}
