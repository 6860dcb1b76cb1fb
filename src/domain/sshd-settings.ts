/** As `sshd -T` prints them: by keyword in lower case, one value for each line. */
export type Settings = ReadonlyMap<string, readonly string[]>;
