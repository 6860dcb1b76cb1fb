/** Terminal multiplexers, which take the terminal unless everything that they are told is known to return. */
import { basename } from 'node:path';
import { optionsOf } from './getopt.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** tmux abbreviates commands: any that is not here in full, or in its usual short form, counts. */
const tmuxReturns = words(`
  bind bind-key capturep capture-pane delete-buffer deleteb display display-message has has-session kill-pane kill-server
  kill-session kill-window killp killw list-buffers list-clients list-commands list-keys list-panes list-sessions
  list-windows load-buffer loadb ls lsb lsc lscm lsk lsp lsw new-window neww refresh refresh-client rename rename-session
  rename-window renamew save-buffer saveb select-layout select-pane select-window selectl selectp selectw send send-keys
  set set-buffer set-environment set-option set-window-option setb setenv setw show show-buffer show-environment
  show-hooks show-messages show-options show-window-options showb showenv showmsgs showw split-window splitw start
  start-server unbind unbind-key
`);
const zellijReturns = words(`
  -V --version -h --help action convert-config convert-layout convert-theme delete-all-sessions delete-session d da k ka
  kill-all-sessions kill-session list-aliases list-sessions ls setup
`);

/** Options that take a value, in the same word or else in the next. */
const [ofTmux, ofNewSession, ofScreen] = ['cfLST', 'ceFfnstxy', 'cehpsStT'];

export function isMultiplexer(program: string): boolean {
  return /^(byobu(-tmux|-screen)?|screen|tmux|zellij)$/.test(basename(program));
}

/** Whether a command of these words, of which the first is a multiplexer, may give the terminal to it. */
export function mayMultiplex([program = '', ...args]: readonly string[]): boolean {
  switch (basename(program)) {
    case 'tmux':
    case 'byobu':
    case 'byobu-tmux':
      return tmuxTakes(args);
    case 'screen':
    case 'byobu-screen':
      return screenTakes(args);
    case 'zellij':
      return !zellijReturns.has(args[0] ?? '') || args.includes('--generate-auto-start');
    default:
      return false;
  }
}

function tmuxTakes(args: readonly string[]): boolean {
  const { letters, rest } = optionsOf(args, ofTmux);
  if (letters.includes('V')) return false;
  if (/[^2uUlqNvfLST]/.test(letters)) return true;
  // A word that ends in a semicolon ends a command.
  const commands: string[][] = [[]];
  for (const word of rest) {
    const end = word.endsWith(';') && !word.endsWith('\\;');
    if (word !== ';') commands.at(-1)?.push(end ? word.slice(0, -1) : word);
    if (end) commands.push([]);
  }
  const told = commands.filter((command) => command.length > 0);
  return (
    told.length === 0 ||
    told.some(([verb = '', ...more]) => !tmuxReturns.has(verb) && !isDetached(verb, more))
  );
}

/** With `-A` it attaches to an existing session, even with `-d`. */
function isDetached(verb: string, args: readonly string[]): boolean {
  const { letters } = optionsOf(args, ofNewSession);
  return (verb === 'new' || verb === 'new-session') && letters.includes('d') && !letters.includes('A');
}

function screenTakes(args: readonly string[]): boolean {
  const { letters, options } = optionsOf(args, ofScreen);
  if (options.some((one) => /^-(ls|list|wipe|v|X|Q|-version)$/.test(one))) return false;
  return !(/d/i.test(letters) && letters.includes('m')) || /[rRx]/.test(letters);
}
