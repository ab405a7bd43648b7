import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { reasonOf } from '../../../../../lib/reason-of.ts'
import { connect } from '../../../client/api.ts'
import { endpointTargets, podTargets } from './discover-targets.ts'

/**
 * Serves the targets of a cluster to Prometheus, because Debian's package can't discover them itself: at `/pod`, and at
 * `/endpointslice/NAMESPACE`. Stops when the test ends.
 *
 * @param kubeconfigFile - of the account with which targets are discovered
 * @returns the URL
 */
export async function serveDiscovery(t: Test, kubeconfigFile: string): Promise<string> {
  const api = connect(kubeconfigFile)
  const server = createServer((request, response) => {
    const [, role, namespace = ''] = request.url?.split('/') ?? []
    const found = role === 'pod' ? podTargets(api) : endpointTargets(api, namespace)
    found.then(
      (targets) => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(targets))
      },
      // Prometheus keeps its targets and asks again.
      (error: unknown) => {
        console.error(`targets can't be discovered: ${reasonOf(error)}`)
        response.writeHead(500).end()
      },
    )
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
    api.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
