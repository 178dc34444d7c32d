/** Days since the epoch of a date of the proleptic Gregorian calendar; `month` 1 to 12. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const TIMESTAMP =
  /^([+-]?\d{4,6})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** Epoch ms as `YYYY-MM-DD hh:mm:ss.SSS`, UTC. */
export function timestampText(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/**
 * Epoch ms of `YYYY-MM-DD[ hh:mm[:ss[.fraction]]][Z|+hh:mm]` (a T may stand for the space; fractions finer
 * than a millisecond are cut); UTC where no zone is given. NaN when the text is no such time.
 */
export function parseTimestamp(text: string): number {
  const match = TIMESTAMP.exec(text.trim());
  if (!match) return Number.NaN;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) => Number(match[group] ?? 0));
  if (month! < 1 || month! > 12 || day! < 1 || hour! > 23 || minute! > 59 || second! > 59) return Number.NaN;
  const days = daysFromCivil(year!, month!, day!);
  const nextMonth = month === 12 ? daysFromCivil(year! + 1, 1, 1) : daysFromCivil(year!, month! + 1, 1);
  if (days >= nextMonth) return Number.NaN;
  const fraction = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const zone = match[8];
  let offsetMinutes = 0;
  if (zone !== undefined && zone !== 'Z') {
    const digits = zone.slice(1).replace(':', '');
    offsetMinutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
    if (zone[0] === '-') offsetMinutes = -offsetMinutes;
  }
  return days * 86_400_000 + ((hour! * 60 + minute! - offsetMinutes) * 60 + second!) * 1000 + fraction;
}
