import type { Plugin } from 'esbuild'

/**
 * Packages that the Azure SDKs import, but need only for what this program never does, and what each exports. Otherwise each
 * pod would load them, and half of Node's modules with them.
 */
const leftOut: Readonly<Record<string, string>> = {
  // Opens a browser for a person who signs in.
  open: 'default',
  // Proxies are part of our own https.Agent (keyvault/clients/connection.ts).
  'http-proxy-agent': 'HttpProxyAgent',
  'https-proxy-agent': 'HttpsProxyAgent',
}

const namespace = 'left-out'

/** Replaces each of these packages by a function that throws. */
export const leftOutPackages: Plugin = {
  name: 'left-out-packages',
  setup(build) {
    build.onResolve({ filter: /^[a-z-]+$/ }, ({ path }) =>
      Object.hasOwn(leftOut, path) ? { path, namespace } : undefined,
    )
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: `function leftOut() { throw new Error('the package ${path} is left out of this program') }
        export { leftOut as ${leftOut[path]} }`,
    }))
  },
}
