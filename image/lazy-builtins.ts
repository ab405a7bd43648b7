import { createRequire, isBuiltin } from 'node:module'
import type { Plugin } from 'esbuild'

const namespace = 'builtin'

/** The SDKs import these for what an agent rarely does: sign in with other credentials, or read compressed responses. */
const isRarelyUsed = (path: string): boolean =>
  ['fs/promises', 'child_process', 'zlib'].includes(path.replace(/^node:/, ''))

/** Exports that load the module when one of them is used. */
const lazyExports = (path: string): string => `
  for (const name of ${JSON.stringify(Object.keys(createRequire(import.meta.url)(path)))})
    Object.defineProperty(exports, name, { enumerable: true, get: () => require(${JSON.stringify(path)})[name] })`

/**
 * Loads Node's own modules by `require`. An `import` of one reads all of its exports at once, and some of them load much
 * more: the WebSocket of `node:http` loads all of fetch, which the agent doesn't need. Some modules are loaded only when they
 * are used.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path, namespace: from }) => {
      if (!isBuiltin(path)) return undefined
      return from === namespace ? { path, external: true } : { path, namespace }
    })
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: isRarelyUsed(path)
        ? lazyExports(path)
        : `module.exports = require(${JSON.stringify(path)})`,
    }))
  },
}

/** Some dependencies are CommonJS and call `require`, as {@link lazyBuiltins} does. A module has none by itself. */
export const requireBanner = {
  js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
} as const
