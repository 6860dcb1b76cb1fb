/** The door that is chosen, proven to lead guests to the gate. */
import { refuse } from '../domain/failure.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import type { Settings } from '../door/sshd-settings.ts';
import { sshdVersion } from '../door/sshd-version.ts';
import { terminalsMend } from '../door/terminals.ts';
import type { DoorChoice, DoorIntent } from './choose-door.ts';
import type { Live } from './live.ts';
import { type GuardWorld, guardShell, type ShellGuard } from './shell-guard.ts';

/**
 * Has the login shell tried as the chosen sshd would start it, beginning before the choice is made. Where it does not come
 * to the gate, `auto` takes a private sshd that it does come to the gate from. Sets `live.shell`.
 * @throws Refusal `gate-not-reached`, and whatever `choosing` rejects with
 */
export async function provenDoor(
  choosing: Promise<DoorChoice>,
  intent: DoorIntent,
  live: Live,
  world: GuardWorld & { readonly sshd: string },
): Promise<DoorChoice> {
  const guard = async (
    shell: ShellGuard,
    settings?: readonly Settings[],
  ): Promise<ShellBlock | undefined> => {
    const block = await shell.prove(settings);
    if (!block) live.shell = shell;
    return block;
  };
  const ofSystem = guardShell(live, { kind: 'system' }, world);
  const isAuto = intent.door === 'auto';
  const early =
    intent.door === 'private' || (isAuto && intent.bind !== undefined) ? undefined : ofSystem.prove();
  early?.catch(() => {}); // It is waited for below, if the choice does not fail.
  const choice = await choosing;
  const settings = choice.kind === 'system' ? (await choice.system.known()).settings : [];
  await early;
  const block =
    choice.kind === 'system' ? await guard(ofSystem, settings) : await guard(guardShell(live, choice, world));
  if (!block) return choice;
  const isNamed = intent.port !== undefined || intent.keyFileNamed || choice.why.kind === 'asked';
  const canChange = choice.kind === 'system' && terminalsMend() === undefined;
  if (choice.kind === 'system' && canChange && isAuto && !isNamed) {
    const version = await sshdVersion(world.sshd);
    const { system } = choice;
    const own = await guard(guardShell(live, { kind: 'private', version }, world));
    if (!own) return { kind: 'private', version, system, why: { kind: 'shell', port: system.port, block } };
  }
  return refuse({ kind: 'gate-not-reached', block, private: canChange });
}
