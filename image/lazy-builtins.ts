import { createRequire, isBuiltin } from 'node:module'
import type { Plugin } from 'esbuild'

const namespace = 'builtin'

/** The SDKs import these for what an agent rarely does: sign in with other credentials, or read compressed responses. */
const isRarelyUsed = (path: string): boolean =>
  ['fs/promises', 'child_process', 'zlib'].includes(path.replace(/^node:/, ''))

/** The exports of one of Node's modules that it has in every process: otherwise the bundle's bytes would depend on who builds. */
const exportsOf = (path: string): readonly string[] =>
  Object.keys(createRequire(import.meta.url)(path)).filter(
    (name) => !/^(node:)?process$/.test(path) || !ofSomeProcesses.test(name),
  )

/** `process` has these with an IPC channel to its parent, for `node --eval`, or when a library has replaced one. */
const ofSomeProcesses = /^(_.*|channel|connected|disconnect|emit|send)$/

/** Exports that load the module when one of them is used. */
const lazyExports = (path: string): string => `
  for (const name of ${JSON.stringify(exportsOf(path))})
    Object.defineProperty(exports, name, { enumerable: true, get: () => require(${JSON.stringify(path)})[name] })`

/** Reads only those exports that the bundle uses: esbuild drops the others, because reading them is marked as pure. */
const usedExports = (path: string): string => `
  const builtin = require(${JSON.stringify(path)})
  export default builtin
  ${exportsOf(path)
    .map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})()`)
    .join('\n')}`

/**
 * Loads Node's own modules by `require`, and reads only the exports that are used. An `import` of one reads all of its exports
 * at once, and so does esbuild's own conversion of a module that was required. Some exports load much more when they are
 * read: the WebSocket of `node:http` loads all of fetch, and `diff` of `node:util` loads what colours a terminal. The
 * agent needs neither. Some modules are loaded only when they are used.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path, namespace: from, kind }) => {
      if (!isBuiltin(path)) return undefined
      const isRequired = kind === 'require-call' && !isRarelyUsed(path)
      return from === namespace || isRequired ? { path, external: true } : { path, namespace }
    })
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: isRarelyUsed(path) ? lazyExports(path) : usedExports(path),
    }))
  },
}

/** Some dependencies are CommonJS and call `require`, as {@link lazyBuiltins} does. A module has none by itself. */
export const requireBanner = {
  js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
} as const
