import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { areBundlesCurrent, bundleOf, packages } from './bundles.ts'

/** Makes this process load packages from their bundles, if `bundle-packages.ts` has made them. */
export function useBundles(): void {
  if (!areBundlesCurrent()) return
  const bundles = new Map(packages.flat().map((name) => [name, pathToFileURL(bundleOf(name)).href]))
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = bundles.get(specifier)
      // A package goes on loading its own dependencies from node_modules.
      if (url === undefined || context.parentURL?.includes('/node_modules/'))
        return nextResolve(specifier, context)
      return { url, format: 'module', shortCircuit: true }
    },
  })
}
