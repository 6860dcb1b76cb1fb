import { type Failure, Refusal } from '../../src/domain/failure.ts';

/** The failure that `job` is refused with, undefined where it is not. @throws whatever else it throws */
export function failureOf(job: () => unknown): Failure | undefined {
  try {
    job();
    return undefined;
  } catch (error) {
    return failureIn(error);
  }
}

/** {@link failureOf} for what is awaited. */
export async function rejectionOf(job: Promise<unknown>): Promise<Failure | undefined> {
  return job.then(() => undefined, failureIn);
}

function failureIn(error: unknown): Failure {
  if (error instanceof Refusal) return error.failure;
  throw error;
}
