/** Why a guest's connection would not reach the gate: what the account's login shell does before it runs the gate. */
export interface ShellBlock {
  readonly shell: string;
  /**
   * sshd refuses the account for its shell (`missing`, `not-executable`), or the shell refuses everybody (`refuses`).
   * Or the shell ended too early (`ended`), gave the terminal to another program (`terminal`), or had not reached the
   * gate within the time limit (`late`). `may-divert`: it reached the gate, but has commands that might keep others
   * from it; `may-end`: or that might end for others. `obeys`: it runs what a guest's own ssh sets, such as TERM;
   * `may-obey`: it might.
   */
  readonly outcome:
    | 'missing'
    | 'not-executable'
    | 'refuses'
    | 'ended'
    | 'terminal'
    | 'late'
    | 'may-divert'
    | 'may-end'
    | 'may-obey'
    | 'obeys';
  /** The start-up files that it read: the user's own if there are any, else those of all users. */
  readonly files: readonly string[];
  /** How such a file begins if it is for people at a prompt alone, in the words of that shell. */
  readonly guard?: string;
}
