/** In cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Guests' terminals outside of these are refused. Below, tmux 3.8's server exits (a window that is no taller than its
 * status lines, of which there can be five). Above, drawing one of them takes the host's server so long that the host
 * notices.
 */
export const smallestTerminal: TerminalSize = { columns: 10, rows: 6 };
export const largestTerminal: TerminalSize = { columns: 1000, rows: 500 };

export function isTooLarge({ columns, rows }: TerminalSize): boolean {
  return columns > largestTerminal.columns || rows > largestTerminal.rows;
}
