import { expect, test } from 'vitest';
import { parseLog } from '../../../src/door/private.ts';

const fingerprint = 'SHA256:SDlyb5FxJHJD7NHD5x/XLk9KwIysklnS4jpFA1MdBcA';

test.each([
  [
    `Accepted publickey for me from 192.0.2.7 port 41368 ssh2: ED25519 ${fingerprint}`,
    { address: '192.0.2.7', fingerprint },
  ],
  [
    `Accepted publickey for me from 2001:db8::7 port 1 ssh2: ED25519-SK ${fingerprint}`,
    { address: '2001:db8::7', fingerprint },
  ],
  [`Accepted key ED25519 ${fingerprint} found at /r/authorized_keys:1`, 'key-named'],
  [`Found matching ED25519 key: ${fingerprint}`, 'key-named'],
  ['Starting session: forced-command (key-option) x on pts/1 for me from ::1 port 1 id 0', 'session'],
  [
    `Failed publickey for me from 192.0.2.7 port 1 ssh2: ED25519 ${fingerprint}`,
    { address: '192.0.2.7', why: 'other-keys' },
  ],
  [
    'error: maximum authentication attempts exceeded for me from 192.0.2.7 port 1 ssh2 [preauth]',
    { address: '192.0.2.7', why: 'many-keys' },
  ],
  ['User root not allowed because account is locked', { user: 'root', why: 'locked' }],
  ['Account root has expired', { user: 'root', why: 'expired' }],
  ['User me from 192.0.2.7 not allowed because not listed in AllowUsers', undefined],
  ['Invalid user User root not allowed because account is locked from ::1 port 1', undefined],
  [`Failed publickey for invalid user me from 192.0.2.7 port 1 ssh2: ED25519 ${fingerprint}`, undefined],
  ['Invalid user Failed publickey for me from 192.0.2.7 port 1', undefined],
  [`Invalid user Accepted publickey for me from 192.0.2.7 port 1 ssh2: ED25519 ${fingerprint}`, undefined],
])('%s', (line, told) => {
  expect(parseLog(line)).toEqual(told);
});
