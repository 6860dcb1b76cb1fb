import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { followExecs } from '../support/execs.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, invited } from '../support/live.ts';
import { leaseLines } from '../support/pairing.ts';
import { destinationOf, forPrivateDoor } from '../support/private-door.ts';
import { isRoot } from '../support/run.ts';
import { isWhole } from '../support/whole.ts';

/** What a start-up file does, in words of a shell. */
const kinds = [
  'nothing',
  'prints',
  'sleeps',
  'exec shell',
  'tmux',
  'exit',
  'set -e',
  'reads',
  'by command',
] as const;
type Kind = (typeof kinds)[number];

/** All of them for the table, with `npm run shells`; else those that give a guest another shell. */
const tried: readonly Kind[] =
  process.env.TEST_SHELLS === 'all'
    ? kinds
    : isWhole()
      ? ['nothing', 'exec shell', 'tmux']
      : ['exec shell', 'tmux'];
type Texts = Readonly<Record<Kind, string>>;

const posix = (shell: string): Texts => ({
  nothing: ':',
  prints: 'echo hello; echo there >&2',
  sleeps: 'sleep 4',
  'exec shell': `exec ${shell}`,
  tmux: 'tmux new-session -A -s mine',
  exit: 'exit 0',
  'set -e': 'set -e; false; true',
  reads: 'read answer',
  'by command': '[ -z "$SSH_ORIGINAL_COMMAND" ] || eval "$SSH_ORIGINAL_COMMAND"; true',
});

/** What is tried through a private sshd, too: no file of the user's is read there, whatever it does. */
const inPrivate: ReadonlySet<Kind> = new Set(['nothing', 'sleeps', 'exec shell', 'tmux', 'exit', 'reads']);

interface Shell {
  readonly name: string;
  /** Below the home. */
  readonly file: string;
  readonly texts: Texts;
  /** Whether it reads that file below sshd. */
  readonly isRead: boolean;
}

/** What the account's sshd must not invite with. Of `exit`, shells differ: it may end the file alone. */
const bad: readonly Kind[] = ['exec shell', 'tmux', 'reads', 'by command'];
const mayBeBad: readonly Kind[] = [...bad, 'exit', 'set -e'];
/** A guest's command is run in the place of ours there. */
const byExec = (texts: Texts): Texts => ({
  ...texts,
  'by command': 'test -z "$SSH_ORIGINAL_COMMAND" || exec sh -c "$SSH_ORIGINAL_COMMAND"',
});

const shells: readonly Shell[] = [
  { name: 'bash', file: '.bashrc', texts: byExec(posix('zsh -f')), isRead: true },
  { name: 'zsh', file: '.zshenv', texts: byExec(posix('bash --norc')), isRead: true },
  {
    name: 'fish',
    file: '.config/fish/config.fish',
    texts: {
      ...posix('bash --norc'),
      'set -e': 'false; or exit 1',
      'by command': 'test -z "$SSH_ORIGINAL_COMMAND"; or exec sh -c "$SSH_ORIGINAL_COMMAND"',
    },
    isRead: true,
  },
  {
    name: 'tcsh',
    file: '.tcshrc',
    texts: {
      ...posix('bash --norc'),
      prints: 'echo hello',
      'set -e': 'exit 1',
      reads: 'set answer = $<',
      'by command': 'if ($?SSH_ORIGINAL_COMMAND) exec sh -c "$SSH_ORIGINAL_COMMAND"',
    },
    isRead: true,
  },
  { name: 'mksh', file: '.mkshrc', texts: posix('bash --norc'), isRead: false },
  { name: 'dash', file: '.profile', texts: posix('bash --norc'), isRead: false },
];

const rows: { shell: string; door: string; access: string; startUp: Kind; outcome: string; ran: string[] }[] =
  [];
/** As it stands by now: a run that is ended early leaves what it has found. */
function write(): void {
  mkdirSync('.vitest', { recursive: true });
  writeFileSync('.vitest/shells.json', `${JSON.stringify(rows, null, 1)}\n`);
}
afterAll(() => {
  for (const { shell, startUp, door, access, outcome } of rows)
    console.log([shell.padEnd(5), startUp.padEnd(11), door.padEnd(8), access.padEnd(11), outcome].join(' '));
});

/** Every program below sshd that is none of sshd's, the login shell's one command, or the gate's. */
function strangers(commands: readonly string[], shell: string, kind: Kind): string[] {
  // A login of our own is tried beside.
  const gate =
    '/bin/sh \\S+/(admit con|gate (guest|tmuxpair-trial)\\S*|gate (guest|tmuxpair-trial) \\d+ (look|moved))';
  const expected = [
    /^(\S*\/)?sshd(-session|-auth)?( |$)/,
    /^sshd(-session|-auth)?:/,
    new RegExp(`^${shell} -c exec ${gate}$`),
    new RegExp(`^${gate}`),
    /^(ls -ldn|date \+%s|infocmp|stty size$|rm -f|sleep 0\.2|sleep 1) ?/,
    /^(nice -n 10 )?\S*tmux (-u )?(-N )?(-f \/dev\/null )?-S \S+\/(air\/\d+|rooms\/[\w-]+\/tmux) /,
    /^cat \/proc\/\d+\/environ$/,
    /^\/bin\/ls \/etc\/csh\/cshrc\.d$/, // So /etc/csh.cshrc of Debian looks for more of its own.
    /^\/usr\/lib\/\S*\/utempter (add|del)/, // Tmux has them listed by who(1).
    ...(kind === 'sleeps' ? [/^sleep 4$/] : []),
  ];
  return commands.filter((command) => !expected.some((form) => form.test(command)));
}

async function tryOne(stage: Stage, guest: Guest, shell: Shell, startUp: Kind, door: string, access: string) {
  const { name, file, texts } = shell;
  await stage.writeFile(file, `${texts[startUp]}\n`);
  const at = door === 'private' ? ['--door', 'private'] : ['--port', String(stage.sshd.port)];
  const options = [
    '--unattended',
    '--detach',
    '--host',
    '127.0.0.1',
    ...(access === 'read-only' ? ['-r'] : []),
  ];
  // A program of two words, which no shell of the host's has to start.
  const started = await stage.run([...at, ...options, 'guest.pub', '--', 'cat', '-']);
  const add = (outcome: string, ran: string[] = []): void => {
    rows.push({ shell: name, door, access, startUp, outcome, ran });
    write();
  };
  if (started.exitCode !== 0) {
    expect(started).toMatchObject({ exitCode: 6, stderr: expect.stringContaining(`~/${file}`) });
    expect(leaseLines(stage)).toEqual([]);
    expect(await guest.run(['-T'], ['id'])).toMatchObject({ exitCode: 255, stdout: '' });
    await expectNothingLeft(stage);
    return add('refused, nothing granted');
  }
  const { sshCommand, supervisorPid } = await theOne(stage);
  const there = guest.as({ destination: destinationOf(sshCommand) });
  const log = `${stage.account.scratch}/execs${rows.length}`;
  await using execs = await followExecs([door === 'private' ? supervisorPid : stage.sshd.pid], log);
  const [seat] = await Promise.all([
    there.join().then(async (terminal) => {
      await terminal.waitFor(access === 'read-only' ? 'view only' : '[pair]', { timeout: 45_000 });
      return terminal;
    }),
    there.run(['-T']),
    there.run([], ['touch ~/typed-by-a-guest']),
  ]);
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await seat.exitStatus();
  const ran = execs.commands(/^(\/\S*\/)?sshd(-session)? /);
  expect(ran.filter((command) => /^\S*tmux .* attach-session/.test(command)).length).toBeGreaterThan(0);
  expect(strangers(ran, name, startUp), ran.join('\n')).toEqual([]);
  add('the gate, and nothing else', ran);
}

test.runIf(isRoot()).each(isWhole() ? shells : shells.slice(0, 2))(
  'W2 T1 S1: $name as the login shell: a guest comes to the gate and to nothing else, or nobody is let in',
  { timeout: 900_000 },
  async (shell) => {
    const account = { ...forPrivateDoor.account, shell: `/bin/${shell.name}` };
    await using stage = await makeStage({ account });
    const guest = await invited(stage, 'guest');
    for (const startUp of tried) {
      const reads = shell.isRead || startUp === 'nothing';
      for (const door of reads && inPrivate.has(startUp) ? ['system', 'private'] : ['system'])
        for (const access of startUp === 'tmux' ? ['read-only', 'read-write'] : ['read-only'])
          await tryOne(stage, guest, shell, startUp, door, access);
    }
    const refused = rows.filter((row) => row.shell === shell.name && row.outcome.startsWith('refused'));
    expect(refused.filter(({ door }) => door !== 'system')).toEqual([]);
    const kindsRefused = new Set(refused.map(({ startUp }) => startUp));
    const must = shell.isRead ? bad.filter((kind) => tried.includes(kind)) : [];
    expect(must.filter((kind) => !kindsRefused.has(kind))).toEqual([]);
    expect([...kindsRefused].filter((kind) => !shell.isRead || !mayBeBad.includes(kind))).toEqual([]);
  },
);
