import type { Api, RequestInputOf, RequestOf, ResponseInputOf, ResponseOf } from './api.js';
import { isFlexible } from './api.js';
import { readRequest, readResponse, writeRequest, writeResponse } from './codec.js';
import { malformed, WireReader } from './reader.js';
import { WireWriter } from './writer.js';

/** Key of ApiVersions, whose responses always have the oldest header so that any client can read them. */
const API_VERSIONS_KEY = 18;

/** Most array elements of one request. Answers may have more: those of a large cluster do. */
const MAX_REQUEST_ELEMENTS = 500_000;

/** Length of a correlation id at the start of every response. */
const CORRELATION_BYTES = 4;

/** What stands before the body of every request. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Stands behind the client id; {@link decodeRequest} goes on from there. */
  readonly reader: WireReader;
}

/** A decoded response with the number of the request it answers. */
export interface DecodedResponse<A extends Api> {
  readonly correlationId: number;
  readonly body: ResponseOf<A>;
}

/**
 * The frame of a request: chunks to write one after the other, beginning with the four bytes of its size.
 * Large byte arrays of `body` are referred to, not copied.
 * @throws `unsupported-version` `limit-exceeded`
 * @see KIP-482
 */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: RequestInputOf<A>,
): Uint8Array[] {
  const writer = new WireWriter();
  writer.int32(0);
  writer.int16(api.key);
  writer.int16(version);
  writer.int32(correlationId);
  // The client id keeps its old form in every version: a broker must be able to read it before it knows the version.
  writer.string(clientId);
  if (isFlexible(api, version)) writer.uvarint(0);
  writeRequest(api, version, writer, body);
  return writer.finishFrame();
}

/**
 * The frame of a response: chunks to write one after the other, beginning with the four bytes of its size.
 * Large byte arrays of `body` are referred to, not copied.
 * @throws `unsupported-version` `limit-exceeded`
 */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  body: ResponseInputOf<A>,
): Uint8Array[] {
  const writer = new WireWriter();
  writer.int32(0);
  writer.int32(correlationId);
  if (hasResponseTags(api, version)) writer.uvarint(0);
  writeResponse(api, version, writer, body);
  return writer.finishFrame();
}

/**
 * Reads what all requests begin with, of any API and version, known or not.
 * @param frame without the four bytes of its size.
 * @throws `malformed-frame`
 */
export function decodeRequestHeader(frame: Uint8Array): RequestHeader {
  const reader = new WireReader(frame, 0, frame.length, MAX_REQUEST_ELEMENTS);
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.string();
  return { apiKey, apiVersion, correlationId, clientId, reader };
}

/** The API that a request is for, known or not; undefined when the frame is too short to say. */
export function apiKeyOf(frame: Uint8Array): number | undefined {
  return frame.length < 2 ? undefined : ((frame[0]! << 24) >> 16) | frame[1]!;
}

/**
 * The body of the request whose header was read; `header` can be used once.
 * @throws `unsupported-version` `malformed-frame`
 */
export function decodeRequest<A extends Api>(api: A, header: RequestHeader): RequestOf<A> {
  if (isFlexible(api, header.apiVersion)) header.reader.skipTags();
  return readRequest(api, header.apiVersion, header.reader);
}

/** The correlation id of a response, to find the request it answers. @throws `malformed-frame` */
export function correlationIdOf(frame: Uint8Array): number {
  if (frame.length < CORRELATION_BYTES) throw malformed(`a response of ${frame.length} bytes`, 0);
  return (frame[0]! << 24) | (frame[1]! << 16) | (frame[2]! << 8) | frame[3]!;
}

/**
 * Reads a response.
 * @param frame without the four bytes of its size.
 * @throws `unsupported-version` `malformed-frame`
 */
export function decodeResponse<A extends Api>(api: A, version: number, frame: Uint8Array): DecodedResponse<A> {
  const reader = new WireReader(frame);
  const correlationId = reader.int32();
  if (hasResponseTags(api, version)) reader.skipTags();
  return { correlationId, body: readResponse(api, version, reader) };
}

function hasResponseTags(api: Api, version: number): boolean {
  return api.key !== API_VERSIONS_KEY && isFlexible(api, version);
}
