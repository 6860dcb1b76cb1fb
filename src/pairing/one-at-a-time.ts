/**
 * Has each report looked at, and passes over those that come meanwhile: there will be another. What fails is looked at again,
 * or the room is gone by now.
 * @returns a function that resolves when that report has been looked at, and never rejects
 */
export function oneAtATime<T>(look: (report: T) => Promise<void>): (report: T) => Promise<void> {
  let busy = false;
  return async (report) => {
    if (busy) return;
    busy = true;
    await look(report).catch(() => {}); // As said above.
    busy = false;
  };
}
