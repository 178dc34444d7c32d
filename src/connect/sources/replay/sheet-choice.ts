import { StreamctlError } from '../../../base/errors.js';
import { didYouMean } from '../../../plan/did-you-mean.js';

/**
 * The sheet of that name; the first one where none is named.
 * @throws `not-found` with the names there are, `bad-data` for a workbook without sheets.
 */
export function chooseSheet<T extends { readonly name: string }>(sheets: readonly T[], name: string | undefined): T {
  const sheet = name === undefined ? sheets[0] : sheets.find((one) => one.name === name);
  if (sheet) return sheet;
  if (name === undefined) throw new StreamctlError('bad-data', 'the workbook has no sheets');
  const names = sheets.map((one) => one.name);
  const near = didYouMean(name, names);
  throw new StreamctlError('not-found', `there is no sheet "${name}"`, {
    detail: `the workbook's sheets are ${names.join(', ')}`,
    ...(near ? { hint: `did you mean ${near}?` } : {}),
  });
}
