export type Unit = 'ms' | 'MB' | 'kB' | '';

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** The median over that of each floor, by the floor's name. */
  readonly ratios: Readonly<Record<string, number>>;
}

export interface Contender {
  readonly name: string;
  /** Does it once, makes sure that it really happened, cleans up, and gives what it took. */
  readonly run: () => Promise<number> | number;
  /** The contenders of the same rounds that it is to be compared with, by name. */
  readonly floors?: readonly string[];
  readonly unit?: Unit;
  /** What it must take whatever the program does; left out of the ratios. */
  readonly given?: number;
}

/**
 * Runs all contenders in turn, so that whatever else the machine does falls on all of them: one round that does not
 * count, then `rounds` that do.
 */
export async function inTurn(rounds: number, contenders: readonly Contender[]): Promise<Figure[]> {
  const samples = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const { name, run } of contenders) {
      const took = await run();
      if (round > 0) samples.set(name, [...(samples.get(name) ?? []), took]);
    }
  }
  const values = (name: string) => samples.get(name) ?? [];
  return contenders.map(({ name, floors = [], unit = 'ms', given = 0 }) => ({
    ...figureOf(name, values(name), unit),
    ratios: Object.fromEntries(
      floors.map((floor) => [
        given === 0 ? floor : `${floor} + ${given} ${unit}`,
        (median(values(name)) - given) / median(values(floor)),
      ]),
    ),
  }));
}

export function figureOf(name: string, values: readonly number[], unit: Unit): Figure {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return { name, unit, median: median(values), min, max, runs: values.length, ratios: {} };
}

/** @throws Error where there is nothing to take the middle of */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}
