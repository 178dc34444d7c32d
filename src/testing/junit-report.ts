import type { DifferenceLine } from './row-difference.js';

/** A case for a report. */
export interface ReportedCase {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly durationMs: number;
  readonly failures: readonly {
    readonly line: number;
    readonly step: string;
    readonly message: string;
    readonly lines: readonly DifferenceLine[];
  }[];
  /** How to play the failed way again; undefined where it passed. */
  readonly repeat: string | undefined;
}

/**
 * Cases as JUnit XML: a suite per file.
 * @see https://github.com/testmoapp/junitxml
 */
export function junitReport(cases: readonly ReportedCase[]): string {
  const files = [...new Set(cases.map(({ file }) => file))];
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="streamctl" ${counts(cases)}>`];
  for (const file of files) {
    const own = cases.filter((one) => one.file === file);
    lines.push(`  <testsuite name="${escaped(file)}" ${counts(own)}>`);
    for (const one of own) lines.push(...caseLines(one));
    lines.push('  </testsuite>');
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function counts(cases: readonly ReportedCase[]): string {
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const totalMs = cases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return `tests="${cases.length}" failures="${failed}" errors="0" skipped="0" time="${seconds(totalMs)}"`;
}

function caseLines({ file, name, line, durationMs, failures, repeat }: ReportedCase): readonly string[] {
  const className = file.replace(/\.(?:ya?ml|json)$/, '').replaceAll(/[/\\]+/g, '.');
  const open =
    `    <testcase name="${escaped(name)}" classname="${escaped(className)}" file="${escaped(file)}" ` +
    `line="${line}" time="${seconds(durationMs)}"`;
  if (failures.length === 0) return [`${open}/>`];
  const lines = [`${open}>`];
  // One element a case: many readers count elements, not cases.
  const message = failures.map((failure) => `${failure.step}: ${failure.message}`).join('; ');
  const details = failures.flatMap((failure) => [
    `${file}:${failure.line} ${failure.step}: ${failure.message}`,
    ...failure.lines.map(({ sign, text }) => `  ${sign} ${text}`),
  ]);
  if (repeat !== undefined) details.push(`again: ${repeat}`);
  lines.push(
    `      <failure message="${escaped(message)}" type="assertion-failed">${escaped(details.join('\n'))}</failure>`,
  );
  return [...lines, '    </testcase>'];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an element or an attribute; characters that XML 1.0 cannot hold become U+FFFD. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter]!)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
