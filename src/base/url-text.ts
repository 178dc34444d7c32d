/** A part of an address without its escapes; as it stands where a percent sign in it begins none. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
