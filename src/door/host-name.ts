/** The known ways to this machine: from the environment, the kernel, the DNS and Tailscale. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { capture } from '../spawn/capture.ts';
import { type Address, addressesFrom, type Known, type Tailnet } from './addresses.ts';

/** How long, in ms, to wait for an answer: a resolver without a network takes its time. */
const timeoutMs = 800;

export interface Ways {
  /** The likeliest first; the machine's plain name if none is known. */
  readonly addresses: readonly [Address, ...Address[]];
  /** The name or address of this machine at which Tailscale's own SSH server answers in place of sshd. */
  readonly shadowed?: string;
}

export interface WaysQuery {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the host calls this machine; then it is the only address. */
  readonly named?: string | undefined;
  /** The port that guests come to. */
  readonly port: number;
  /** Whether something listens for guests on an address. */
  readonly listens?: ((address: string) => boolean) | undefined;
}

/** Every name or address by which a guest may reach this machine. Does not reject. */
export async function findWays({ env, named, port, listens }: WaysQuery): Promise<Ways> {
  const asking = askTailscale();
  if (named !== undefined) {
    const tailnet = port === 22 ? await asking : undefined;
    const shadows = tailnet?.ownSsh && [tailnet.name, ...tailnet.addresses].includes(named);
    return { addresses: [{ host: named, reach: 'named' }], ...(shadows ? { shadowed: named } : {}) };
  }
  const [tailnet, domain, ...routes] = await Promise.all([
    asking,
    askDns(),
    routeAddress('udp4', '203.0.113.1'),
    routeAddress('udp6', '2001:db8::1'),
  ]);
  const cameInBy = env.SSH_CONNECTION?.split(' ')[2];
  const known: Known = {
    ...(cameInBy === undefined ? {} : { cameInBy }),
    ...(domain && { domain }),
    ...(tailnet && { tailnet }),
    routes: routes.filter((route) => route !== undefined),
    interfaces: interfaces(),
  };
  const [first = { host: hostname(), reach: 'network' } as const, ...more] = addressesFrom(
    known,
    port,
    listens,
  );
  const shadowed =
    tailnet?.ownSsh === true && port === 22 ? (tailnet.name ?? tailnet.addresses[0]) : undefined;
  return { addresses: [first, ...more], ...(shadowed === undefined ? {} : { shadowed }) };
}

function interfaces(): Known['interfaces'] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.filter(({ internal }) => !internal).map(({ address }) => ({ name, address })),
  );
}

async function askTailscale(): Promise<Tailnet | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  if (!folders.some((folder) => existsSync(join(folder, 'tailscale')))) return undefined;
  const answer = await ask('tailscale', ['status', '--json', '--peers=false']);
  try {
    const {
      BackendState,
      Self,
      CurrentTailnet,
    }: Record<string, Readonly<Record<string, unknown>> | unknown> = JSON.parse(answer);
    if (BackendState !== 'Running' || !isRecord(Self)) return undefined;
    const { DNSName, TailscaleIPs, sshHostKeys } = Self;
    const hasNames = !isRecord(CurrentTailnet) || CurrentTailnet.MagicDNSEnabled !== false;
    const name = hasNames && typeof DNSName === 'string' ? asName(DNSName) : undefined;
    const addresses = Array.isArray(TailscaleIPs) ? TailscaleIPs.filter(isAddress) : [];
    return {
      ...(name === undefined ? {} : { name }),
      addresses,
      ownSsh: Array.isArray(sshHostKeys) && sshHostKeys.length > 0,
    };
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-fA-F.:]{2,45}$/.test(value);
}

/** The machine's full name as the DNS has it: nobody else can resolve what only this machine's own tables say. */
async function askDns(): Promise<Known['domain']> {
  const name = asName(await ask('hostname', ['-f']));
  if (name === undefined || /(^localhost\.|\.localdomain$|\.local$)/.test(name)) return undefined;
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  const upstream = upstreamOf(read('/etc/resolv.conf'), read('/run/systemd/resolve/resolv.conf'));
  try {
    if (upstream.length > 0) resolver.setServers(upstream);
  } catch {
    return undefined;
  }
  const answers = await Promise.all(
    [resolver.resolve4(name), resolver.resolve6(name)].map((asked) => asked.catch(() => [] as string[])),
  );
  return { name, addresses: answers.flat() };
}

/**
 * The servers to ask in place of systemd's stub, which also answers from `/etc/hosts`; none if those in `resolv.conf`
 * are right.
 */
export function upstreamOf(resolvConf: string, systemds: string): string[] {
  const servers = (text: string): string[] =>
    [...text.matchAll(/^nameserver[ \t]+([0-9A-Fa-f.:]+)/gm)].map(([, server = '']) => server);
  return servers(resolvConf).some((server) => /^127\.0\.0\.5[34]$/.test(server)) ? servers(systemds) : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** A name that has a dot in it, without a final dot. */
function asName(text: string): string | undefined {
  const name = text.trim().replace(/\.$/, '');
  return /^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$/.test(name) && !/^[\d.]+$/.test(name)
    ? name
    : undefined;
}

/** The address that packets to `somewhere` would come from. None is sent: the kernel only chooses the route. */
async function routeAddress(family: 'udp4' | 'udp6', somewhere: string): Promise<string | undefined> {
  const socket = createSocket(family);
  try {
    socket.connect(9, somewhere);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    return undefined; // No route that way.
  } finally {
    socket.close();
  }
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout } = await capture(program, args, { timeoutMs });
  return code === 0 ? stdout : '';
}
