import { StreamctlError } from '../../base/errors.js';

/** What there would be too much of: `step "cities" would hold more than 2000000 groups`. */
export interface FullState {
  readonly step: string;
  /** `groups`, `rows`, `keys`. */
  readonly what: string;
  readonly max: number;
  readonly detail?: string;
  /** What makes the state of this kind of step smaller. */
  readonly hint: string;
}

/** The error of a step that has reached the bound of its state, which `--max-groups` raises. */
export function stateFull({ step, what, max, detail, hint }: FullState): StreamctlError {
  return new StreamctlError('limit-exceeded', `step "${step}" would hold more than ${max} ${what}`, {
    ...(detail === undefined ? {} : { detail }),
    hint: `${hint}; or allow more where there is memory for it: --max-groups ${max * 2}`,
  });
}
