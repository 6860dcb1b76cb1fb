/** The chosen door, proven to lead guests to the gate. */
import { refuse } from '../domain/failure.ts';
import type { DoorIntent } from '../domain/intent.ts';
import { isOfStartUp, type Obstacle } from '../domain/obstacle.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import { privateDoorBar } from '../door/private-door-bar.ts';
import { sshdVersion } from '../door/sshd-version.ts';
import { loginShell } from '../shell/shell.ts';
import type { DoorChoice } from './door-choice.ts';
import { type Guarded, type GuardWorld, guardShell, type ShellGuard } from './shell-guard.ts';

/** A door, and what keeps up the proof that it leads to the gate. */
export interface ProvenDoor {
  readonly choice: DoorChoice;
  readonly shell: ShellGuard;
}

/**
 * Tries the login shell as the chosen sshd would start it, beginning before the choice is made. If the shell does not
 * reach the gate, or might not, `auto` takes a private sshd from which it does.
 * @throws Refusal `gate-not-reached`, and whatever `choosing` rejects with
 */
export async function provenDoor(
  choosing: Promise<DoorChoice>,
  intent: DoorIntent,
  guarded: Guarded,
  world: GuardWorld & { readonly sshd: string },
): Promise<ProvenDoor> {
  const ofSystem = guardShell(guarded, { kind: 'system' }, world);
  const isAuto = intent.door === 'auto';
  const early =
    intent.door === 'private' || (isAuto && intent.bind !== undefined) ? undefined : ofSystem.prove();
  early?.catch(() => {}); // Awaited below, unless the choice fails.
  const choice = await choosing;
  if (choice.kind === 'private') {
    if (early) await ofSystem.giveUp(); // Each trial ends what another has started.
    const own = guardShell(guarded, choice, world);
    const block = await own.prove();
    if (block) refuse({ kind: 'gate-not-reached', block, private: false });
    return { choice, shell: own };
  }
  const { system } = choice;
  const { obstacles } = await system.known();
  await early;
  const failure = await ofSystem.prove(system);
  const block = failure ?? suspicion(obstacles);
  const isNamed = intent.port !== undefined || intent.keyFileNamed || choice.why.kind === 'asked';
  const canChange = privateDoorBar() === undefined;
  if (block && canChange && isAuto && !isNamed) {
    const version = await sshdVersion(world.sshd);
    const own = guardShell(guarded, { kind: 'private', version }, world);
    if (!(await own.prove())) {
      const why = { kind: 'shell', port: system.port, block } as const;
      return { choice: { kind: 'private', version, system, why }, shell: own };
    }
  }
  if (failure) refuse({ kind: 'gate-not-reached', block: failure, private: canChange });
  return { choice, shell: ofSystem };
}

/** What might keep guests from the gate although it was reached. */
function suspicion(obstacles: readonly Obstacle[]): ShellBlock | undefined {
  for (const found of obstacles)
    if (isOfStartUp(found))
      return { shell: loginShell().path, outcome: found.kind, files: [`${found.path}:${found.line}`] };
  return undefined;
}
