import t from 'tap'
import type { KubeObject } from '../../client/api.ts'
import { mirrorEndpoints } from './mirror-endpoints.ts'

const slice = (service: string, ip: string, ready?: boolean): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { labels: { 'kubernetes.io/service-name': service } },
  ports: [{ name: 'https', port: 8443 }],
  endpoints: [{ addresses: [ip], conditions: { ready } }],
})

t.test('the ready endpoints of the webhook are copied, again after a failure', async (t) => {
  const slices = [
    slice('akv-injector-webhook', '10.0.0.1', true),
    slice('akv-injector-webhook', '10.0.0.2', false),
    slice('akv-injector-webhook', '10.0.0.3'),
    slice('other', '10.0.0.4', true),
  ]
  const stop = new AbortController()
  const applied: KubeObject[] = []
  const apply = async (object: KubeObject) => {
    applied.push(object)
    if (applied.length === 2) stop.abort()
    return { status: applied.length === 1 ? 404 : 201, body: object, warnings: [] }
  }
  await mirrorEndpoints({ list: async () => slices, apply }, stop.signal)
  const subsets = ['10.0.0.1', '10.0.0.3'].map((ip) => ({
    addresses: [{ ip }],
    ports: [{ name: 'https', port: 8443 }],
  }))
  t.match(applied, [{ subsets }, { kind: 'Endpoints', subsets }])
})
