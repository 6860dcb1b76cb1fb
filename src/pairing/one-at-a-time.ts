/**
 * Handles one report at a time, and skips those that come meanwhile: there will be another. Ignores a failure: the next
 * report will do, or the room is gone by now.
 * @returns a function that resolves when that report has been handled or skipped, and never rejects
 */
export function oneAtATime<T>(look: (report: T) => Promise<void>): (report: T) => Promise<void> {
  let busy = false;
  return async (report) => {
    if (busy) return;
    busy = true;
    await look(report).catch(() => {}); // See above.
    busy = false;
  };
}
