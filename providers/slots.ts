/** Runs `job` once fewer than the allowed number run for `host`, in the order of asking. */
export type Slots = <T>(host: string, job: () => Promise<T>) => Promise<T>;

/** Lets `most` jobs run at once for each host. */
export function slotsPerHost(most: number): Slots {
  const waiting = new Map<string, (() => void)[]>();
  const running = new Map<string, number>();
  return async (host, job) => {
    const now = running.get(host) ?? 0;
    if (now < most) running.set(host, now + 1);
    else {
      const queue = waiting.get(host) ?? [];
      waiting.set(host, queue);
      await new Promise<void>((go) => queue.push(go));
    }
    try {
      return await job();
    } finally {
      const next = waiting.get(host)?.shift();
      if (next) next();
      else running.set(host, (running.get(host) ?? 1) - 1);
    }
  };
}
