import { createECDH, generateKeyPairSync } from 'node:crypto';

/** A blob in SSH's wire format: each part as u32 length and bytes. */
export function wire(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

export function line(type: string, blob: Buffer, comment = ''): string {
  return `${type} ${blob.toString('base64')}${comment === '' ? '' : ` ${comment}`}`;
}

/** A fresh key of Node's own making, as a `ssh-ed25519` line. */
export function ed25519Line(comment = ''): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return line('ssh-ed25519', wire('ssh-ed25519', raw), comment);
}

/** An uncompressed point of P-256. */
export function p256Point(): Buffer {
  const ecdh = createECDH('prime256v1');
  return ecdh.generateKeys();
}

/** Security-key lines built by hand: no token is at hand to make them, `ssh-keygen -l` reads them all the same. */
export function skLines(application = 'ssh:'): readonly string[] {
  const ed = 'sk-ssh-ed25519@openssh.com';
  const ec = 'sk-ecdsa-sha2-nistp256@openssh.com';
  const raw = Buffer.from(ed25519Line().split(' ')[1] ?? '', 'base64').subarray(-32);
  return [line(ed, wire(ed, raw, application)), line(ec, wire(ec, 'nistp256', p256Point(), application))];
}
