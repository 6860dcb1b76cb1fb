/** Why a guest's connection would not come to the gate: what the account's login shell does before it runs it. */
export interface ShellBlock {
  readonly shell: string;
  /**
   * sshd refuses the account for its shell (`missing`, `not-executable`), or the shell refuses everybody (`refuses`). Or it
   * ended too early, gave the terminal to another program, or had not come to the gate within the time limit.
   * `may-divert`: it came to the gate, and has commands that might keep others from it; `may-end`: or might end for others.
   * `obeys`: it runs what a guest's own ssh sets, such as TERM; `may-obey`: it might.
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
  /** Its start-up files that were read: those of the user's where there are any, else those of all users. */
  readonly files: readonly string[];
  /** What such a file begins with that is to hold for people at a prompt alone, in the words of that shell. */
  readonly guard?: string;
}
