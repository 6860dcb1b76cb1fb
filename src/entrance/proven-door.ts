/** The door that is chosen, proven to lead guests to the gate. */
import { refuse } from '../domain/failure.ts';
import type { DoorIntent } from '../domain/intent.ts';
import { isOfStartUp, type Obstacle } from '../domain/obstacle.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import { ownBar } from '../door/own-bar.ts';
import { sshdVersion } from '../door/sshd-version.ts';
import { loginShell } from '../shell/shell.ts';
import type { DoorChoice } from './door-choice.ts';
import { type Guarded, type GuardWorld, guardShell } from './shell-guard.ts';

/**
 * Has the login shell tried as the chosen sshd would start it, beginning before the choice is made. Where it does not come
 * to the gate, or might not, `auto` takes a private sshd that it does come to the gate from. Sets `live.shell`.
 * @throws Refusal `gate-not-reached`, and whatever `choosing` rejects with
 */
export async function provenDoor(
  choosing: Promise<DoorChoice>,
  intent: DoorIntent,
  live: Guarded,
  world: GuardWorld & { readonly sshd: string },
): Promise<DoorChoice> {
  const ofSystem = guardShell(live, { kind: 'system' }, world);
  const isAuto = intent.door === 'auto';
  const early =
    intent.door === 'private' || (isAuto && intent.bind !== undefined) ? undefined : ofSystem.prove();
  early?.catch(() => {}); // It is waited for below, if the choice does not fail.
  const choice = await choosing;
  if (choice.kind === 'private') {
    if (early) await ofSystem.giveUp(); // Each trial ends what another has started.
    const own = guardShell(live, choice, world);
    const block = await own.prove();
    if (block) refuse({ kind: 'gate-not-reached', block, private: false });
    live.shell = own;
    return choice;
  }
  const { system } = choice;
  const { obstacles } = await system.known();
  await early;
  const failure = await ofSystem.prove(system);
  const block = failure ?? suspicion(obstacles);
  const isNamed = intent.port !== undefined || intent.keyFileNamed || choice.why.kind === 'asked';
  const canChange = ownBar() === undefined;
  if (block && canChange && isAuto && !isNamed) {
    const version = await sshdVersion(world.sshd);
    const own = guardShell(live, { kind: 'private', version }, world);
    if (!(await own.prove())) {
      live.shell = own;
      return { kind: 'private', version, system, why: { kind: 'shell', port: system.port, block } };
    }
  }
  if (failure) refuse({ kind: 'gate-not-reached', block: failure, private: canChange });
  live.shell = ofSystem;
  return choice;
}

/** What might keep guests from the gate although it was reached. */
function suspicion(obstacles: readonly Obstacle[]): ShellBlock | undefined {
  for (const found of obstacles)
    if (isOfStartUp(found))
      return { shell: loginShell().path, outcome: found.kind, files: [`${found.path}:${found.line}`] };
  return undefined;
}
