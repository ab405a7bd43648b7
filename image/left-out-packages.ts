import type { Plugin } from 'esbuild'

/**
 * Packages that the Azure SDKs import, but need only for what this program never does, and what each exports. Otherwise each
 * pod would load them, and half of Node's modules with them.
 */
const leftOut: Readonly<Record<string, string>> = {
  // Opens a browser for a person who signs in.
  open: 'default leftOut',
  // Signs an assertion with a certificate. The pod's assertion is its service account token.
  jsonwebtoken: 'default { sign: leftOut }',
  // Proxies are part of our own https.Agent (keyvault/clients/connection.ts).
  'http-proxy-agent': '{ leftOut as HttpProxyAgent }',
  'https-proxy-agent': '{ leftOut as HttpsProxyAgent }',
}

const namespace = 'left-out'

/** Replaces each of these packages by functions that throw. */
export const leftOutPackages: Plugin = {
  name: 'left-out-packages',
  setup(build) {
    build.onResolve({ filter: /^[a-z-]+$/ }, ({ path }) =>
      Object.hasOwn(leftOut, path) ? { path, namespace } : undefined,
    )
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: `function leftOut() { throw new Error('the package ${path} is left out of this program') }
        export ${leftOut[path]}`,
    }))
  },
}
