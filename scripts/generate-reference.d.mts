/** The page of all commands. */
export function commandsPage(
  specs: readonly object[],
  flags: { readonly global: object; readonly mutating: object; readonly streaming: object },
): string;
/** The page of all error codes. */
export function errorsPage(kinds: object): string;
/** The page of all exit codes. */
export function exitCodesPage(meanings: object, kinds: object): string;
