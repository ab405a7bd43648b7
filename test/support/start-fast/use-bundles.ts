import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { areBundlesCurrent, bundleOf, packages } from './bundles.ts'

/** Makes this process load packages from their bundles, if `bundle-packages.ts` has made them, and less of `node:http`. */
export function useBundles(): void {
  const bundles = areBundlesCurrent() ? packages.flat() : []
  const urls = new Map(bundles.map((name) => [name, pathToFileURL(bundleOf(name)).href]))
  urls.set('node:http', httpWithoutGetters())
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = urls.get(specifier)
      // A package goes on loading its own dependencies from node_modules, and CommonJS loads no module from a URL.
      if (
        url === undefined ||
        context.parentURL?.includes('/node_modules/') ||
        context.conditions?.includes('require')
      )
        return nextResolve(specifier, context)
      return { url, format: 'module', shortCircuit: true }
    },
  })
}

/**
 * An import of `node:http` reads all of its exports, and some are getters that load what they return: WebSocket loads all of
 * fetch, which takes more time than starting Node.
 */
function httpWithoutGetters(): string {
  const exports = Object.getOwnPropertyDescriptors(process.getBuiltinModule('node:http'))
  const names = Object.keys(exports).filter((name) => Reflect.get(exports, name).get === undefined)
  const source = `const http = process.getBuiltinModule('node:http')
    export default http
    export const { ${names.join(', ')} } = http`
  return `data:text/javascript,${encodeURIComponent(source)}`
}
