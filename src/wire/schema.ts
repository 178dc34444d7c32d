/** Versions in which something exists: `'3+'`, `'1-4'` or `'2'`. */
export type VersionRange = `${number}+` | `${number}-${number}` | `${number}`;

/** What each primitive of the protocol is in TypeScript. */
interface Primitives {
  readonly bool: boolean;
  readonly int8: number;
  readonly int16: number;
  readonly uint16: number;
  readonly int32: number;
  readonly uint32: number;
  readonly int64: bigint;
  readonly float64: number;
  readonly string: string;
  /** 22 characters of base64url. */
  readonly uuid: string;
  /** A view into the frame, never a copy. */
  readonly bytes: Uint8Array;
  /** Record batches: a view into the frame, never a copy. */
  readonly records: Uint8Array;
}

/** Name of a primitive type. */
export type PrimitiveName = keyof Primitives;

/** What stands inside an array. */
type ElementType = PrimitiveName | StructSchema;

/** A primitive, a struct, or `[element]` for an array. */
type FieldType = ElementType | readonly [ElementType];

/** One field of a struct. */
export interface FieldSchema {
  readonly type: FieldType;
  readonly versions: VersionRange;
  /** Versions in which null may stand. */
  readonly nullable?: VersionRange;
  /** Number of the field among the tagged fields, in the versions of `tagged`. */
  readonly tag?: number;
  readonly tagged?: VersionRange;
  /** Value in versions without the field, and when the caller leaves it out. */
  readonly default?: null | boolean | number | bigint | string;
  /** The caller may leave it out: its type's zero is written. */
  readonly optional?: true;
}

/** A message or a struct inside one: fields in wire order. */
export interface StructSchema {
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldSchema>>;
}

/** Gives a struct declaration its narrowest type, so that the messages' types can be inferred from it. */
export function struct<const S extends StructSchema>(schema: S): S {
  return schema;
}

type Flat<T> = { [K in keyof T]: T[K] } & {};
type OrNull<F extends FieldSchema> = F extends { readonly nullable: string } ? null : never;

type DecodedElement<E> = E extends PrimitiveName ? Primitives[E] : E extends StructSchema ? Decoded<E> : never;
type DecodedType<T> = T extends readonly [infer E] ? readonly DecodedElement<E>[] : DecodedElement<T>;

/** A decoded struct: every field is present, in versions without it at its default. */
export type Decoded<S extends StructSchema> = Flat<{
  readonly [K in keyof S['fields']]: DecodedType<S['fields'][K]['type']> | OrNull<S['fields'][K]>;
}>;

/** Record batches to send: one piece, or several that follow each other on the wire. */
export type RecordsInput = Uint8Array | readonly Uint8Array[];

type InputElement<E> = E extends 'records'
  ? RecordsInput
  : E extends PrimitiveName
    ? Primitives[E]
    : E extends StructSchema
      ? Input<E>
      : never;
type InputType<T> = T extends readonly [infer E] ? readonly InputElement<E>[] : InputElement<T>;
type MayBeOmitted = { readonly default: unknown } | { readonly optional: true };
type OptionalKeys<F> = { [K in keyof F]: F[K] extends MayBeOmitted ? K : never }[keyof F];

/** A struct to encode: fields with a default may be left out; fields that a version lacks are ignored. */
export type Input<S extends StructSchema> = Flat<
  {
    readonly [K in keyof S['fields'] as K extends OptionalKeys<S['fields']> ? never : K]:
      | InputType<S['fields'][K]['type']>
      | OrNull<S['fields'][K]>;
  } & {
    readonly [K in keyof S['fields'] as K extends OptionalKeys<S['fields']> ? K : never]?:
      | InputType<S['fields'][K]['type']>
      | OrNull<S['fields'][K]>
      | undefined;
  }
>;

/** Whether `version` lies in `range`; an absent range holds none. */
export function inVersions(range: VersionRange | undefined, version: number): boolean {
  if (range === undefined) return false;
  if (range.endsWith('+')) return version >= Number(range.slice(0, -1));
  const [low, high] = range.split('-');
  return version >= Number(low) && version <= Number(high ?? low);
}
