const ANY = 0;
const ONE = 1;

/** A LIKE pattern cut into characters; {@link ANY} stands for `%`, {@link ONE} for `_`. */
type Pattern = readonly (string | typeof ANY | typeof ONE)[];

function cut(pattern: string, escapeWith: string | undefined): Pattern {
  const parts: (string | typeof ANY | typeof ONE)[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === escapeWith && i + 1 < characters.length) parts.push(characters[++i]!);
    else if (character === '%') parts.push(ANY);
    else parts.push(character === '_' ? ONE : character);
  }
  return parts;
}

/** Greedy match that remembers only the last `%`: time is at most text times pattern, never exponential. */
function matches(text: string | readonly string[], pattern: Pattern): boolean {
  let at = 0;
  let part = 0;
  let retryPart = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = pattern[part];
    if (wanted === ANY) {
      retryPart = ++part;
      retryAt = at;
    } else if (part < pattern.length && (wanted === ONE || wanted === text[at])) {
      at++;
      part++;
    } else if (retryPart >= 0) {
      part = retryPart;
      at = ++retryAt;
    } else return false;
  }
  while (pattern[part] === ANY) part++;
  return part === pattern.length;
}

const SURROGATE = /[\ud800-\udfff]/;

/** A test for texts that fit a LIKE pattern; characters are Unicode code points. */
export function likeMatcher(pattern: string, escapeWith?: string): (text: string) => boolean {
  const parts = cut(pattern, escapeWith);
  const pairs = SURROGATE.test(pattern);
  return (text) => matches(pairs || SURROGATE.test(text) ? [...text] : text, parts);
}

/** Bound of the patterns remembered by {@link like}. */
const MAX_PATTERNS = 100;

/** LIKE for patterns that come from rows: the matchers of the last ones are remembered. */
export function likeFunction(): (text: string, pattern: string, escapeWith?: string) => boolean {
  const known = new Map<string, (text: string) => boolean>();
  return (text, pattern, escapeWith = '') => {
    const key = `${escapeWith}:${pattern}`;
    let matcher = known.get(key);
    if (!matcher) {
      if (known.size >= MAX_PATTERNS) known.clear();
      matcher = likeMatcher(pattern, escapeWith === '' ? undefined : escapeWith);
      known.set(key, matcher);
    }
    return matcher(text);
  };
}
