/** Whether a file is this account's own, judged by the effective user, as the kernel does. */
export function isOwn({ uid }: { readonly uid: number }): boolean {
  return uid === process.geteuid?.();
}

/** Whether it is this account's own, or root's: nobody else could have made it what it is. */
export function isOwnOrRoots({ uid }: { readonly uid: number }): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
