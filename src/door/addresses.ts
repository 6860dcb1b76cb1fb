/** Which addresses of this machine a guest could use, and who could use them: rules, without effects. */

import type { Reach } from '../domain/door-reason.ts';
/** A name or an address by which a guest may reach this machine. */
export interface Address {
  readonly host: string;
  readonly reach: Reach;
}

/** What is known of the ways to this machine. Addresses have no brackets and no zone. */
export interface Known {
  /** This machine's end of the connection by which the host came in, if there is one. */
  readonly cameInBy?: string;
  /** The machine's own name in the DNS, and what it resolves to there. */
  readonly domain?: { readonly name: string; readonly addresses: readonly string[] };
  readonly tailnet?: Tailnet;
  /** The source addresses of the default routes. */
  readonly routes: readonly string[];
  readonly interfaces: readonly Interface[];
}

export interface Interface {
  readonly name: string;
  readonly address: string;
}

export interface Tailnet {
  /** Absent without MagicDNS. */
  readonly name?: string;
  readonly addresses: readonly string[];
  /** Whether Tailscale's own SSH server answers there on port 22, in front of sshd. */
  readonly ownSsh: boolean;
}

/** A reader gets at most this many to choose from. */
const most = 5;

/** Bridges and the like, which lead to containers and virtual machines of this machine. */
const inside = /^(docker|br-|veth|virbr|vnet|lxc|lxd|cni|flannel|cali|podman|vmnet|vboxnet|bridge)/;

/**
 * Every way to this machine, the likeliest first: how the host came in, its name in the DNS if that leads here, then by
 * reach.
 * @param port that guests come to: on 22, Tailscale's own SSH server would answer in place of sshd
 * @param listens whether something listens for guests on an address
 */
export function addressesFrom(
  known: Known,
  port: number,
  listens: (address: string) => boolean = () => true,
): Address[] {
  const own = new Set([...known.interfaces.map(({ address }) => address), ...known.routes]);
  const usable = (address: string): boolean =>
    own.has(address) &&
    reachOf(address) !== undefined &&
    listens(address) &&
    !isShadowed(address, port, known);
  const found: Address[] = [];
  const add = (host: string, address = host): void => {
    const reach = reachOf(address);
    if (reach === undefined || found.some((one) => one.host === host)) return;
    found.push({ host, reach });
  };
  const { cameInBy, domain, tailnet, routes, interfaces } = known;
  if (cameInBy !== undefined && usable(cameInBy)) add(cameInBy);
  const leadsTo = domain?.addresses.find(usable);
  if (domain && leadsTo !== undefined) add(domain.name, leadsTo);

  const rest = routes.filter(usable);
  if (tailnet && !(tailnet.ownSsh && port === 22)) {
    const [first] = tailnet.addresses.filter(listens);
    const host = tailnet.name ?? first;
    if (host !== undefined && first !== undefined) found.push({ host, reach: 'tailnet' });
  }
  // An interface has many IPv6 addresses; the route tells which one to use.
  const others = interfaces.filter(({ name, address }) => !inside.test(name) && !address.includes(':'));
  rest.push(...others.map(({ address }) => address).filter(usable));
  for (const address of rest) {
    const isTailnets = tailnet?.addresses.includes(address) === true;
    if (!isTailnets) add(address);
  }
  const fixed = found.filter(({ host }) => host === cameInBy || host === domain?.name);
  const sorted = found.filter((one) => !fixed.includes(one)).sort((a, b) => rank(a) - rank(b));
  return [...fixed, ...sorted].slice(0, most);
}

/**
 * How likely a guest can use it, where less is likelier: firewalls let IPv6 through less often than a tailnet does.
 */
function rank({ host, reach }: Address): number {
  if (reach === 'internet') return host.includes(':') ? 2 : 0;
  return reach === 'tailnet' ? 1 : 3;
}

/** Whether Tailscale's own SSH server answers on that address in place of sshd. */
function isShadowed(address: string, port: number, { tailnet }: Known): boolean {
  return port === 22 && tailnet?.ownSsh === true && reachOf(address) === 'tailnet';
}

/** Who can use an address; `undefined` for one that leads nobody here: loopback, link-local, unspecified. */
export function reachOf(address: string): Reach | undefined {
  if (/^(0\.|127\.|169\.254\.)/.test(address) || /^(::1?|fe[89ab][0-9a-f]:.*)$/i.test(address))
    return undefined;
  if (/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address)) return 'tailnet';
  if (/^fd7a:115c:a1e0:/i.test(address)) return 'tailnet';
  if (/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address)) return 'network';
  return /^f[cd]/i.test(address) ? 'network' : 'internet';
}
