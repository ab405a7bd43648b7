import type { Plugin } from 'esbuild'

/** Packages that few manifests need, and what is used of each. */
const lazy: Readonly<Record<string, string>> = {
  // Matches the expressions of the External Secrets Operator's objects. It is a quarter of what `check` would load.
  re2js: 'RE2JS',
}

const namespace = 'lazy-packages'

/** Leaves each of these packages in a file of its own beside the bundle, which is loaded when the package is used first. */
export const lazyPackages: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9-]+$/ }, ({ path }) =>
      Object.hasOwn(lazy, path) ? { path, namespace } : undefined,
    )
    build.onResolve({ filter: /^\.\//, namespace }, ({ path }) => ({ path, external: true }))
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: `Object.defineProperty(exports, '${lazy[path]}', {
        enumerable: true,
        get: () => require('./${path}.js').${lazy[path]},
      })`,
    }))
  },
}
