export interface Cleanup {
  /** Registers what undoes a step, before or right after the step. */
  readonly defer: (undo: () => unknown) => void;
  /** Registers a resource and hands it back. */
  readonly use: <T extends AsyncDisposable>(resource: T) => T;
  /** Undoes everything, the latest first, once; a failing step does not stop the next. */
  readonly run: () => Promise<void>;
}

/**
 * A stack of things to undo (Node 20 has no AsyncDisposableStack).
 * @throws from `run`: the one error, or an AggregateError of all of them
 */
export function makeCleanup(): Cleanup {
  const steps: (() => unknown)[] = [];
  const defer = (undo: () => unknown): void => void steps.push(undo);
  const run = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'several clean-up steps failed');
  };
  return {
    defer,
    use: (resource) => {
      defer(() => resource[Symbol.asyncDispose]());
      return resource;
    },
    run,
  };
}

/** Runs `build`; where it throws, undoes what it had registered before the error goes on. */
export async function orUndo<T>(cleanup: Cleanup, build: () => Promise<T>): Promise<T> {
  try {
    return await build();
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}
