import { build } from 'esbuild';

/** Bundles for both of the program's forms, the one that Node runs and the standalone executable. */
export function bundle(options) {
  return build({
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'ascii', // See `sourceOf` in src/code-cache.ts.
    // `require` is at hand; the machinery of modules takes Node some milliseconds to start.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
    metafile: true, // For the licences of what is in it.
    ...options,
  });
}
