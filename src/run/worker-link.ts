import { type ErrorCode, StreamctlError } from '../base/errors.js';
import type { ClientSettings } from '../connect/kafka/interfaces.js';
import type { DashboardSnapshot } from '../plan/snapshot.js';
import type { EndSummary, PipelineRunOptions, RunListener } from './interfaces.js';

/** What a worker thread is told at its start: everything of the options that can be copied. */
export interface WorkerStart extends Omit<PipelineRunOptions, 'place' | 'listener'> {
  readonly placeName: string | undefined;
  /** Where the files that the plan and the options name are. */
  readonly files: Readonly<Record<string, string>>;
}

/** An error on its way between threads. */
export interface SentError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/** Events of a {@link RunListener} that a worker passes on, and their arguments. */
export type SentEvent = 'result' | 'late' | 'rejected' | 'watermark' | 'lag' | 'note';

/** What a worker thread tells. */
export type FromWorker =
  /** Where is the broker? Answered by `connected`. */
  | { readonly kind: 'connect' }
  | { readonly kind: 'event'; readonly name: SentEvent; readonly value: unknown }
  /** So many rows were decoded. */
  | { readonly kind: 'rows'; readonly count: number }
  | { readonly kind: 'snapshot'; readonly snapshot: DashboardSnapshot }
  | {
      readonly kind: 'done';
      readonly summary: Omit<EndSummary, 'error'>;
      readonly error: SentError | undefined;
    };

/** What a worker thread is told. */
export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'connected'; readonly settings: ClientSettings | undefined; readonly error: SentError | undefined }
  | { readonly kind: 'stop' | 'pause' | 'resume' };

/** One end of the line between two threads. */
export interface Line<In, Out> {
  send(message: Out): void;
  /** @param failed is told when the other end is gone for no good reason. */
  listen(take: (message: In) => void, failed: (error: Error) => void): void;
  /** Ends the other thread, or lets this one end. */
  close(): void;
}

/** Starts a worker thread. */
export type StartWorker = () => Line<FromWorker, ToWorker>;

/** Events that are passed on as they are. */
export const SENT_EVENTS: readonly (SentEvent & keyof RunListener)[] = [
  'result',
  'late',
  'rejected',
  'watermark',
  'lag',
  'note',
];

/** An error as it can be copied. */
export function sendError(error: Error): SentError {
  const own = error instanceof StreamctlError ? error : undefined;
  return { code: own?.code, message: error.message, detail: own?.detail, hint: own?.hint };
}

/** The error that was sent. */
export function receiveError({ code, message, detail, hint }: SentError): Error {
  if (code === undefined) return new Error(message);
  return new StreamctlError(code, message, {
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  });
}
