import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'
import { lazyBuiltins, requireBanner } from './lazy-builtins.ts'
import { lazyPackages } from './lazy-packages.ts'
import { leftOutPackages } from './left-out-packages.ts'

const root = join(import.meta.dirname, '..')

/** The programs that the entry loads are bundled by themselves. What the entry has in the place of each: */
const loaders: Readonly<Record<string, string>> = {
  'cli/check-line.ts': "export const { runCheckLine } = require('./check.js')",
  'cli/command-line.ts': `
    export const runCommandLine = async (args) =>
      (await import('./command-line.mjs')).runCommandLine(args)`,
  'init-agent/main.ts': `
    import { loadAgent } from './code-cache.ts'
    export const { agentMain } = loadAgent(__dirname, require)`,
  'init-agent/wait.ts': "export const { waitMain } = require('./wait.js')",
}

/**
 * Bundles the program and everything that it imports as plain JavaScript, for the image and the npm package. The agent starts
 * in every pod, and finding and reading a thousand files would slow that down. What runs in a pod is CommonJS, because Node
 * takes 7 ms of CPU and 3 MiB to load its first ES module. So is `check`, which people run before each commit.
 *
 * @param folder - the output folder; `main.js` is the program, which loads `agent.js`, `wait.js`, `check.js` or
 *   `command-line.mjs`; the last one loads from `chunks/`, and `check.js` loads `re2js.js` if an expression has to be matched; `await-files.js` is the sidecar's startup probe, which keeps its `#!` line: the
 *   Containerfile links it to `/usr/bin/test`
 * @returns esbuild's metafile, which lists the inputs
 */
export async function bundle(folder: string): Promise<Metafile> {
  const parts = await Promise.all([
    buildPart(folder, { main: 'cli/main.ts' }, { plugins: [loadersOnly, ...plugins] }),
    buildPart(folder, { agent: 'init-agent/main.ts' }, asFunction),
    buildPart(folder, {
      wait: 'init-agent/wait.ts',
      'write-code-caches': 'cli/write-code-caches.ts',
    }),
    buildPart(folder, { 'await-files': 'init-agent/await-files.ts' }, asMain),
    buildPart(folder, { check: 'cli/check-line.ts' }, { plugins: [lazyPackages, ...plugins] }),
    buildPart(folder, { re2js: 're2js' }),
    buildPart(folder, { 'command-line': 'cli/command-line.ts' }, asModules),
  ])
  // The package.json of the npm package says that its files are ES modules.
  writeFileSync(resolve(root, folder, 'package.json'), '{"type":"commonjs"}\n')
  return {
    inputs: Object.assign({}, ...parts.map(({ inputs }) => inputs)),
    outputs: Object.assign({}, ...parts.map(({ outputs }) => outputs)),
  }
}

const loadersOnly: Plugin = {
  name: 'loaders-only',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.\/(command-line\.mjs|check\.js|wait\.js)$/ }, ({ path }) => ({
      path,
      external: true,
    }))
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = loaders[relative(root, path)]
      return contents === undefined ? undefined : { contents, loader: 'js' }
    })
  },
}

const plugins = [leftOutPackages, lazyBuiltins]

/** The form that init-agent/code-cache.ts compiles: a function. */
const asFunction: BuildOptions = {
  banner: { js: '(function(module,require){' },
  footer: { js: '})' },
}

const asMain: BuildOptions = { define: { 'import.meta.main': 'true' } }

const asModules: BuildOptions = {
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  splitting: true,
  // repository/input/example.ts finds manifests/examples two folders up from its chunk, as it does in a checkout.
  chunkNames: 'chunks/[name]-[hash]',
  banner: requireBanner,
}

async function buildPart(
  outdir: string,
  entryPoints: Readonly<Record<string, string>>,
  { define, ...options }: BuildOptions = {},
): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    outdir,
    entryPoints,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    // The image has Node 24, but the npm package runs on Node 22, too.
    target: 'node22',
    plugins,
    // The SDKs check whether a request's body is of this type. None of ours is, and only to read the name, Node loads all
    // of its fetch.
    define: { FormData: 'undefined', ...define },
    logLevel: 'warning',
    ...options,
    metafile: true,
  })
  return metafile
}

if (import.meta.main) await bundle('dist')
