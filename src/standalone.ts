/** The program as one executable, which is its own keychain process, too. */
import { version } from './domain/version.ts';

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`tmuxpair ${version}\n`);
else if (argv.length === 1 && argv[0] === 'keychain') {
  void import('./keyring/serve-keychain.ts').then(({ serveKeychain }) => serveKeychain());
} else {
  void import('./cli/cli.ts').then(async ({ main, printed }) => {
    const exit = await main(argv, [process.execPath]);
    await printed();
    process.exit(exit);
  });
}
