/** Names in lower case; the values of a name that came several times are joined by `, `. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** One GET. Nothing is followed or retried: that is the caller's business. */
export interface HttpRequest {
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  readonly headers: HttpHeaders;
  /** From dialling to the last byte of the body. */
  readonly timeoutMs: number;
  /** Bound of the body, as it comes over the wire and as it is once inflated. */
  readonly maxBodyBytes: number;
  readonly signal?: AbortSignal;
}

/** A whole answer, whatever its status. */
export interface HttpResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Without content encoding. */
  readonly body: Uint8Array;
}

/**
 * Why there is no whole answer: nobody there (or no trust in who is), too slow, broken off on the way, larger than
 * allowed, called off by the signal.
 */
export type HttpFailureReason = 'unreachable' | 'timeout' | 'broken' | 'too-large' | 'stopped';

/** An exchange that gave no whole answer. */
export interface HttpFailure {
  readonly kind: 'failure';
  readonly reason: HttpFailureReason;
  /** One sentence for people, without the address. */
  readonly message: string;
}

/** The HTTP calls the program makes. Real one in system-http.ts, simulated ones in test/support. */
export interface HttpClient {
  /** Never rejects for what the other side does: that is a {@link HttpFailure}. */
  send(request: HttpRequest): Promise<HttpResponse | HttpFailure>;
}
