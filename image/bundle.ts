import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'

const root = join(import.meta.dirname, '..')

/**
 * Makes plain JavaScript of the program and all that it imports, as the image holds it: a process that starts in
 * every pod has no time to find and read a thousand files.
 *
 * @param folder - where to; `main.js` is the program, beside the parts that its commands load, and `await-files.js` the
 *   sidecar's startup probe, which keeps its `#!` line: the Containerfile links it to `/usr/bin/test`
 * @returns what it is made of, by esbuild's own account
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
    target: 'node24',
    // Some dependencies are CommonJS, and call require.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
    metafile: true,
  })
  // Without it Node would try each file as CommonJS first.
  writeFileSync(resolve(root, folder, 'package.json'), '{"type":"module"}\n')
  return metafile
}

if (import.meta.main) await bundle('dist')
