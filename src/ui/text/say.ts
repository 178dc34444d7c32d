import { FRENCH } from './french.js';

/** Languages that people can be spoken to in. */
export type Language = 'en' | 'fr';

/**
 * Says an English text in a person's language, `{1}`, `{2}` ... replaced by the values. What nobody has translated, such
 * as the names of columns, stays as it is.
 */
export type Say = (text: string, ...values: readonly (string | number)[]) => string;

/** The way to say things in `language`. */
export function sayIn(language: Language): Say {
  const words: ReadonlyMap<string, string> = language === 'fr' ? FRENCH : new Map();
  return (text, ...values) =>
    values.length === 0
      ? (words.get(text) ?? text)
      : (words.get(text) ?? text).replace(/\{(\d)\}/g, (whole, place) => String(values[Number(place) - 1] ?? whole));
}

/** As the texts stand in the program. */
export const sayEnglish: Say = sayIn('en');
