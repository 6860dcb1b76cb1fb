import type { AccountOptions } from './account.ts';
import type { Devpts } from './devpts.ts';
import { makeStage, type Stage } from './fixture.ts';
import { makeNetworks } from './network.ts';

export interface Machine extends AsyncDisposable {
  readonly stage: Stage;
}

/**
 * A machine of its own, in a network namespace, where nothing listens but its own sshd. Its one address is 203.0.113.1,
 * besides loopback. As root.
 * @param address the one that its sshd listens on
 * @param more the account's login shell, and what stands at other paths than on this machine
 */
export async function makeMachine(
  config: readonly string[] = [],
  address = '127.0.0.1',
  devpts: Devpts = 'without-gid',
  { shell = 'bash', files }: { readonly shell?: string } & Pick<AccountOptions, 'files'> = {},
): Promise<Machine> {
  const networks = await makeNetworks();
  const network = networks.host;
  const stage = await makeStage({
    account: { devpts, network, shell: `/bin/${shell}`, files },
    sshd: { network: { name: network, address }, config },
  });
  return {
    stage,
    [Symbol.asyncDispose]: async () => {
      await stage[Symbol.asyncDispose]();
      await networks[Symbol.asyncDispose]();
    },
  };
}
