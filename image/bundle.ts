import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'
import { lazyBuiltins, requireBanner } from './lazy-builtins.ts'
import { leftOutPackages } from './left-out-packages.ts'

const root = join(import.meta.dirname, '..')

/** The entry imports one of these, and each is bundled by itself. By the name of its file. */
const programs = {
  'command-line': 'cli/command-line.ts',
  agent: 'init-agent/main.ts',
  wait: 'init-agent/wait.ts',
}

/**
 * Bundles the program and everything that it imports as plain JavaScript, for the image and the npm package. The agent starts
 * in every pod, and finding and reading a thousand files would slow that down. Code that it shared with the other
 * commands would become many small files, so it is bundled apart from them.
 *
 * @param folder - the output folder; `main.js` is the program, which loads `agent.js`, `wait.js` or `command-line.js`, and
 *   these load from `chunks/`; `await-files.js` is the sidecar's startup probe, which keeps its `#!` line: the Containerfile links it
 *   to `/usr/bin/test`
 * @returns esbuild's metafile, which lists the inputs
 */
export async function bundle(folder: string): Promise<Metafile> {
  const parts = await Promise.all([
    buildPart(folder, {
      entryPoints: { main: 'cli/main.ts', 'await-files': 'init-agent/await-files.ts' },
      splitting: false,
      plugins: [programsApart, leftOutPackages, lazyBuiltins],
    }),
    ...Object.entries(programs).map(([name, path]) =>
      buildPart(folder, {
        entryPoints: { [name]: path },
        plugins: [leftOutPackages, lazyBuiltins],
      }),
    ),
  ])
  // Without this, Node would try to parse each file as CommonJS first.
  writeFileSync(resolve(root, folder, 'package.json'), '{"type":"module"}\n')
  return {
    inputs: Object.assign({}, ...parts.map(({ inputs }) => inputs)),
    outputs: Object.assign({}, ...parts.map(({ outputs }) => outputs)),
  }
}

/** Keeps the entry's imports of the programs as imports of their own files. */
const programsApart: Plugin = {
  name: 'programs-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const found = Object.entries(programs).find(
        ([, source]) => resolve(resolveDir, path) === join(root, source),
      )
      return found && { path: `./${found[0]}.js`, external: true }
    })
  },
}

async function buildPart(outdir: string, options: BuildOptions): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    // The image has Node 24, but the npm package runs on Node 22, too.
    target: 'node22',
    // cli/input/example.ts finds manifests/examples two folders up from its chunk, as it does in a checkout.
    chunkNames: 'chunks/[name]-[hash]',
    banner: requireBanner,
    // The SDKs check whether a request's body is of this type. None of ours is, and only to read the name, Node loads all
    // of its fetch.
    define: { FormData: 'undefined' },
    logLevel: 'warning',
    ...options,
    metafile: true,
  })
  return metafile
}

if (import.meta.main) await bundle('dist')
