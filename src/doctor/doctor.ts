/** Can a guest really get in? Names what stands in the way, and then tries it. */
import { Refusal } from '../domain/failure.ts';
import type { TrialIntent } from '../domain/intent.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import { findSshd } from '../door/sshd-version.ts';
import { terminalsMend } from '../door/terminals.ts';
import { chooseDoor } from '../entrance/choose-door.ts';
import type { DoorChoice } from '../entrance/door-choice.ts';
import type { PairingContext } from '../pairing/context.ts';
import { trialOf, tryPairing } from '../pairing/trial.ts';
import { loginShell } from '../shell/shell.ts';
import {
  askForge,
  askKeychain,
  checkRunDirectory,
  findTheSsh,
  findTheSshd,
  findTheTmux,
  ok,
  systemChecks,
} from './checks.ts';
import type { Check, Finding } from './finding.ts';

/**
 * Checks everything that a pairing needs, and reports each check as soon as those before it are reported.
 * @returns whether a guest could get in
 * @throws Stopped
 */
export async function examine(
  intent: TrialIntent,
  world: PairingContext,
  tell: (check: Check) => void,
): Promise<boolean> {
  const { env } = world;
  // These take a while, and depend on nothing.
  const keychain = askKeychain(env);
  const forges = Promise.all(['@octocat', 'gitlab:root'].map((name) => askForge(name, world)));

  const sshd = await findTheSshd(env);
  const programs = [await findTheTmux(intent, env), await findTheSsh(env), sshd];
  programs.forEach(tell);
  const attempt = trialOf(intent, world, world.stop);
  const choice =
    sshd.level === 'ok'
      ? await chooseDoor(intent, {
          env,
          sshd: findSshd(env),
          guests: Promise.resolve([]),
          attempt,
          isFresh: true,
        })
      : undefined;
  if (choice) for (const check of await systemChecks(choice, intent.keyFile)) tell(check);
  const terminals = terminalsMend();
  if (terminals === undefined) tell(ok({ kind: 'terminals' }));
  else
    tell({
      level: choice?.kind === 'system' ? 'warn' : 'fail',
      finding: { kind: 'no-terminals', command: terminals },
    });
  const shell = loginShell();
  tell({ level: shell.trouble ? 'fail' : 'ok', finding: { kind: 'shell', ...shell } });
  tell(checkRunDirectory(env));
  tell(await keychain);
  (await forges).forEach(tell);

  if (!choice || programs.some(({ level }) => level !== 'ok')) return false;
  const finding = await logIn(choice, intent, world, (block) =>
    tell({ level: 'warn', finding: { kind: 'gate-not-reached', block } }),
  );
  tell({ level: finding.kind === 'login' ? 'ok' : 'fail', finding });
  return finding.kind === 'login';
}

async function logIn(
  choice: DoorChoice,
  intent: TrialIntent,
  world: PairingContext,
  onBlock: (block: ShellBlock) => void,
): Promise<Finding> {
  try {
    const kinds = [{ type: 'ssh-ed25519' }] as const;
    const trial = await tryPairing(intent, kinds, world, async () => choice, { onBlock });
    const { door, port, milliseconds, log, logins } = trial;
    const failed = logins.find(({ isIn }) => !isIn);
    if (!failed) return { kind: 'login', door, port, milliseconds };
    return { kind: 'no-login', door, said: failed.said, log };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'no-login', failure: error.failure, said: '', log: [] };
    throw error;
  }
}
