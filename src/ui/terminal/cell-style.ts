/**
 * How a cell looks, packed: colour numbers of the palette (0: the terminal's own) for the glyph in bits 0-7 and for
 * the background in bits 8-15, attributes from bit 16.
 */
export type CellStyle = number;

/** The terminal's own colours, no attributes. */
export const NO_STYLE: CellStyle = 0;

/** Attribute bit of a {@link CellStyle}: heavier strokes. */
export const BOLD = 1 << 16;
/** Attribute bit: fainter colour. */
export const DIM = 1 << 17;
/** Attribute bit: slanted. */
export const ITALIC = 1 << 18;
/** Attribute bit: a line below. */
export const UNDERLINE = 1 << 19;
/** Attribute bit: colours exchanged. */
export const INVERSE = 1 << 20;

/** Each attribute with the SGR parameter that switches it on. @see ECMA-48 8.3.117 */
export const ATTRIBUTES: readonly (readonly [bit: number, parameter: number])[] = [
  [BOLD, 1],
  [DIM, 2],
  [ITALIC, 3],
  [UNDERLINE, 4],
  [INVERSE, 7],
];

/** Packs a style. @param foreground, background numbers of the palette, 0 to 255. */
export function cellStyle(foreground: number, background = 0, attributes = 0): CellStyle {
  return (foreground & 0xff) | ((background & 0xff) << 8) | attributes;
}

/** Palette number of the glyph. */
export function foregroundOf(style: CellStyle): number {
  return style & 0xff;
}

/** Palette number of the background. */
export function backgroundOf(style: CellStyle): number {
  return (style >>> 8) & 0xff;
}
