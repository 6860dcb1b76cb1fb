/** The door that is chosen, proven to lead guests to the gate. */
import { refuse } from '../domain/failure.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import { sshdVersion } from '../door/sshd-version.ts';
import { terminalsMend } from '../door/terminals.ts';
import type { DoorChoice, DoorIntent } from './choose-door.ts';
import type { Live } from './live.ts';
import { type GuardWorld, guardShell, type ShellWay } from './shell-guard.ts';

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
  const guard = async (way: ShellWay): Promise<ShellBlock | undefined> => {
    const outcome = await guardShell(live, way, world);
    if ('outcome' in outcome) return outcome;
    live.shell = outcome;
    return undefined;
  };
  const isAuto = intent.door === 'auto';
  const early =
    intent.door === 'private' || (isAuto && intent.bind !== undefined)
      ? undefined
      : guard({ kind: 'system' });
  early?.catch(() => {}); // It is waited for below, if the choice does not fail.
  const choice = await choosing;
  const before = await early;
  const block = choice.kind === 'system' ? before : await guard(choice);
  if (!block) return choice;
  const isNamed = intent.port !== undefined || intent.keyFileNamed || choice.why.kind === 'asked';
  const canChange = choice.kind === 'system' && terminalsMend() === undefined;
  if (choice.kind === 'system' && canChange && isAuto && !isNamed) {
    const version = await sshdVersion(world.sshd);
    const { system } = choice;
    const own = await guard({ kind: 'private', version });
    if (!own) return { kind: 'private', version, system, why: { kind: 'shell', port: system.port, block } };
  }
  return refuse({ kind: 'gate-not-reached', block, private: canChange });
}
