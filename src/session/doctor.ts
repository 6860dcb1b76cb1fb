/** Can a guest really get in? What stands in the way is named, and then it is tried. */
import { loginShell } from '../door/shell.ts';
import { findSshd } from '../door/sshd-version.ts';
import { terminalsMend } from '../door/terminals.ts';
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
import { chooseDoor } from './choose-door.ts';
import type { Check } from './finding.ts';
import { type TrialIntent, tryPairing } from './trial.ts';
import type { World } from './world.ts';

/**
 * Looks at everything that a pairing needs, and tells each check as soon as those before it are told.
 * @returns whether a guest could get in
 * @throws Stopped
 */
export async function examine(
  intent: TrialIntent,
  world: World,
  tell: (check: Check) => void,
): Promise<boolean> {
  const { env } = world;
  // They take a while, and depend on nothing.
  const keychain = askKeychain(env);
  const forges = Promise.all(['@octocat', 'gitlab:root'].map((name) => askForge(name, world)));

  const sshd = await findTheSshd(env);
  const programs = [await findTheTmux(intent, env), await findTheSsh(env), sshd];
  programs.forEach(tell);
  const guests = Promise.resolve([]);
  const choice =
    sshd.level === 'ok' ? await chooseDoor(intent, { env, sshd: findSshd(env), guests }) : undefined;
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

  if (programs.some(({ level }) => level !== 'ok')) return false;
  const finding = await tryPairing(intent, world);
  tell({ level: finding.kind === 'login' ? 'ok' : 'fail', finding });
  return finding.kind === 'login';
}
