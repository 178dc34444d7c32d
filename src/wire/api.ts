import type { Decoded, Input, StructSchema } from './schema.js';

/** One API of Kafka's protocol as data. */
export interface Api<Request extends StructSchema = StructSchema, Response extends StructSchema = StructSchema> {
  readonly key: number;
  readonly name: string;
  /** Versions that the schemas describe, both included. */
  readonly versions: { readonly min: number; readonly max: number };
  /** First version with compact lengths and tagged fields; undefined: none. */
  readonly flexibleFrom: number | undefined;
  readonly request: Request;
  readonly response: Response;
}

/** A decoded request of an API: `RequestOf<typeof fetchApi>`. */
export type RequestOf<A extends Api> = Decoded<A['request']>;
/** A decoded response of an API. */
export type ResponseOf<A extends Api> = Decoded<A['response']>;
/** A request to encode: fields with defaults may be left out. */
export type RequestInputOf<A extends Api> = Input<A['request']>;
/** A response to encode: fields with defaults may be left out. */
export type ResponseInputOf<A extends Api> = Input<A['response']>;

/** Declares an API with the narrowest types. */
export function defineApi<const A extends Api>(api: A): A {
  return api;
}

/** Whether `version` of `api` has compact lengths and tagged fields. */
export function isFlexible(api: Api, version: number): boolean {
  return api.flexibleFrom !== undefined && version >= api.flexibleFrom;
}
