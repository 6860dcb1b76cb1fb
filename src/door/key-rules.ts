/** Which keys an sshd accepts, by type and length. */
import type { Guest } from '../domain/guest.ts';
import { distinct, type Obstacle } from '../domain/obstacle.ts';
import { matchesList } from '../domain/patterns.ts';
import { type KeyType, keyTypes, type PublicKey, rsaBits } from '../domain/public-key.ts';
import { isRevoked } from './revoked.ts';
import { type Outlook, under } from './sshd-settings.ts';

/** Plain data, since it is kept. */
export interface KeyRules {
  /** The setting of the algorithms: `PubkeyAcceptedAlgorithms`, or before OpenSSH 8.5 `PubkeyAcceptedKeyTypes`. */
  readonly setting: string;
  /** A list of patterns; absent if sshd does not tell. */
  readonly algorithms?: string;
  /** The setting of the shortest RSA key: `RequiredRSASize`, or `RSAMinSize` in some builds. */
  readonly rsaSetting: string;
  /** In bits; 0 if sshd does not tell. */
  readonly rsaBits: number;
  /** Whether a security key must ask for a PIN or a fingerprint each time: few do, and which ones can't be seen. */
  readonly verifies?: true;
  /** The file of keys that it refuses. */
  readonly revoked?: string;
  /** As in {@link Outlook}. */
  readonly when?: string;
}

/** The setting of the file of keys that are refused. */
const revokedKeys = 'RevokedKeys';

/** The algorithms that a type of key signs with, the best first. */
const algorithms: Readonly<Record<KeyType, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'sk-ssh-ed25519@openssh.com': ['sk-ssh-ed25519@openssh.com'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'sk-ecdsa-sha2-nistp256@openssh.com': [
    'sk-ecdsa-sha2-nistp256@openssh.com',
    'webauthn-sk-ecdsa-sha2-nistp256@openssh.com',
  ],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

export function keyRulesIn({ settings, when }: Outlook): KeyRules {
  const older = settings.get('pubkeyacceptedkeytypes')?.[0];
  const list = settings.get('pubkeyacceptedalgorithms')?.[0] ?? older;
  const theirs = settings.get('rsaminsize')?.[0];
  const revoked = settings.get('revokedkeys')?.[0] ?? 'none';
  const verifies = /\bverify-required\b/.test(settings.get('pubkeyauthoptions')?.join(' ') ?? '');
  const bits = Number(settings.get('requiredrsasize')?.[0] ?? theirs ?? 0);
  return {
    setting: older === undefined ? 'PubkeyAcceptedAlgorithms' : 'PubkeyAcceptedKeyTypes',
    ...(list === undefined ? {} : { algorithms: list }),
    rsaSetting: theirs === undefined ? 'RequiredRSASize' : 'RSAMinSize',
    rsaBits: Number.isFinite(bits) ? bits : 0,
    ...(verifies ? { verifies } : {}),
    ...(revoked === 'none' ? {} : { revoked }),
    ...(when === undefined ? {} : { when }),
  };
}

/** What to report of each guest's keys: that none is accepted, or that some are not. */
export function keyObstacles(rules: readonly KeyRules[], guests: readonly Guest[]): Obstacle[] {
  const found = rules.flatMap((rule) =>
    guests.flatMap(({ reference, keys }): Obstacle[] => {
      const refused = keys.filter((key) => !accepts(rule, key));
      if (refused.length === 0) return [];
      const kind = refused.length === keys.length ? 'keys-refused' : 'some-keys-refused';
      return [under({ kind, guest: reference.text, ...reasonFor(rule, refused) }, rule.when)];
    }),
  );
  return distinct(found);
}

/**
 * Which of the usual types are not accepted, whatever their length. Those of security keys don't count, since they are
 * newer than some sshds.
 */
export function typesRefused(rules: readonly KeyRules[]): Obstacle[] {
  const usual = keyTypes.filter((type) => !type.startsWith('sk-'));
  const found = rules.flatMap((rule): Obstacle[] => {
    const types = usual.filter((type) => !acceptsType(rule, type));
    if (types.length === 0) return [];
    const kind = types.length === usual.length ? 'keys-refused' : 'some-keys-refused';
    return [under({ kind, types, setting: rule.setting }, rule.when)];
  });
  return distinct(found);
}

function reasonFor(rule: KeyRules, refused: readonly PublicKey[]) {
  const { revoked } = rule;
  if (refused.every((key) => acceptsType(rule, key.type) && mustVerify(rule, key)))
    return { types: typesOf(refused), setting: 'PubkeyAuthOptions verify-required' };
  if (revoked !== undefined && refused.every((key) => acceptsKind(rule, key)))
    return { types: typesOf(refused), setting: `${revokedKeys} ${revoked}` };
  const types = typesOf(refused);
  const isOfType = refused.some(({ type }) => !acceptsType(rule, type));
  return isOfType
    ? { types, setting: rule.setting }
    : { types, rsaBits: rule.rsaBits, setting: rule.rsaSetting };
}

function typesOf(keys: readonly PublicKey[]): KeyType[] {
  return [...new Set(keys.map(({ type }) => type))];
}

function accepts(rule: KeyRules, key: PublicKey): boolean {
  return acceptsKind(rule, key) && (rule.revoked === undefined || !isRevoked(rule.revoked, key));
}

function acceptsKind(rule: KeyRules, key: PublicKey): boolean {
  if (mustVerify(rule, key)) return false;
  return acceptsType(rule, key.type) && (key.type !== 'ssh-rsa' || rsaBits(key) >= rule.rsaBits);
}

function mustVerify({ verifies }: KeyRules, { type }: PublicKey): boolean {
  return verifies === true && type.startsWith('sk-');
}

function acceptsType({ algorithms: list }: KeyRules, type: KeyType): boolean {
  return list === undefined || algorithms[type].some((name) => isIn(list, name));
}

/** Of a change to the defaults we know only what it takes away. */
function isIn(list: string, name: string): boolean {
  const patterns = list.replace(/^[-+^]/, '').split(',');
  if (list.startsWith('-')) return !matchesList(patterns, name);
  return /^[+^]/.test(list) || matchesList(patterns, name);
}
