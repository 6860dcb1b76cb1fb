import { expect, test } from 'vitest';
import { movesClients } from '../../src/room/host-hooks.ts';

test.each([
  'switch-client -t main',
  'if-shell true "switchc -t main"',
  "run-shell 'tmux switch -t main'",
  'set-option -q @x 1 ; swi -n',
  'attach-session -t main',
  'if-shell true { attach -t main }',
])('moves a client: %s', (commands) => {
  expect(movesClients(commands)).toBe(true);
});

test.each([
  'display-message hello',
  'set-option -g status on',
  'run-shell notify',
  'swap-pane -U',
  'refresh-client',
])('moves none: %s', (commands) => {
  expect(movesClients(commands)).toBe(false);
});
