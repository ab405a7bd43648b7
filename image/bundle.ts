import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'

const root = join(import.meta.dirname, '..')

/**
 * Bundles the program and everything that it imports as plain JavaScript, for the image and the npm package. The agent starts
 * in every pod, and finding and reading a thousand files would slow that down.
 *
 * @param folder - the output folder; `main.js` is the program, `chunks/` what its commands load, and `await-files.js` the sidecar's
 *   startup probe, which keeps its `#!` line: the Containerfile links it to `/usr/bin/test`
 * @returns esbuild's metafile, which lists the inputs
 */
export async function bundle(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: { main: 'cli/main.ts', 'await-files': 'init-agent/await-files.ts' },
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    // The image has Node 24, but the npm package runs on Node 22, too.
    target: 'node22',
    // cli/input/example.ts finds manifests/examples two folders up from its chunk, as it does in a checkout.
    chunkNames: 'chunks/[name]-[hash]',
    // Some dependencies are CommonJS and call `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
    metafile: true,
  })
  // Without this, Node would try to parse each file as CommonJS first.
  writeFileSync(resolve(root, folder, 'package.json'), '{"type":"module"}\n')
  return metafile
}

if (import.meta.main) await bundle('dist')
