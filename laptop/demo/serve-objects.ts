import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ServerPem } from '../../certs/issue.ts'
import type { FoundObject } from '../../repository/input/objects/find-objects.ts'

/**
 * Stands in for the API server: serves the SecretProviderClasses and ServiceAccounts of manifests over TLS, at its paths. If
 * several have the same name, the last one counts, as with `kubectl apply`.
 */
export async function serveObjects(
  objects: readonly FoundObject[],
  { caPem, certificatePem: cert, keyPem: key }: ServerPem,
) {
  const found = new Map(objects.map((object) => [pathOf(object), object.object]))
  const server = createServer({ cert, key }, ({ url = '' }, response) => {
    const object = found.get(url)
    response.statusCode = object === undefined ? 404 : 200
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(object ?? notFound(url)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    access: {
      host: 'localhost',
      port: (server.address() as AddressInfo).port,
      readCredentials: async () => ({ token: 'demo', ca: caPem }),
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

const roots: Readonly<Record<string, readonly [root: string, resource: string]>> = {
  SecretProviderClass: ['/apis/secrets-store.csi.x-k8s.io/v1', 'secretproviderclasses'],
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
}

function pathOf({ kind, namespace, name }: FoundObject): string | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(roots, kind)) return undefined
  const [root, resource] = roots[kind] ?? []
  return `${root}/namespaces/${namespace}/${resource}/${name}`
}

/** The API server's answer for an object of a known kind that doesn't exist. It names the object. */
const notFound = (url: string) => ({
  kind: 'Status',
  status: 'Failure',
  reason: 'NotFound',
  code: 404,
  details: { name: url.slice(url.lastIndexOf('/') + 1) },
})
