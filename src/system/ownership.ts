/** Whether a file is this account's own. By the effective user, which is what the kernel asks. */
export function isOwn({ uid }: { readonly uid: number }): boolean {
  return uid === process.geteuid?.();
}

/** Whether it is this account's own, or root's: nobody else could have made it what it is. */
export function isOwnOrRoots({ uid }: { readonly uid: number }): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
