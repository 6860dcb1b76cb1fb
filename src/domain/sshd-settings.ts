/** As `sshd -T` prints them: by keyword in lower case, a value for each line. */
export type Settings = ReadonlyMap<string, readonly string[]>;
