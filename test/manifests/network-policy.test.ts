import t from 'tap'
import { render, withoutHelm } from './helm.ts'
import { readRendered } from './rendered.ts'

const sync = { namespaces: { shop: { serviceAccounts: ['web'] } } }
const peer = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
})

function ingress(networkPolicy: object) {
  const { find } = readRendered(render({ values: { sync, networkPolicy } }).text)
  return (part: string) => find('NetworkPolicy', `akv-injector-${part}`).spec.ingress
}

t.test('reviews and metrics come from anywhere by default', { skip: withoutHelm }, async (t) => {
  const of = ingress({})
  t.strictSame(of('webhook'), [{ ports: [{ port: 8443 }] }, { ports: [{ port: 8080 }] }])
  for (const part of ['certs', 'sync']) t.strictSame(of(part), [{ ports: [{ port: 8080 }] }])
})

t.test('metricsFrom narrows the health port of every process', { skip: withoutHelm }, async (t) => {
  const metricsFrom = [peer('monitoring'), { ipBlock: { cidr: '10.0.0.0/8' } }]
  const of = ingress({ metricsFrom })
  const narrowed = { ports: [{ port: 8080 }], from: metricsFrom }
  t.strictSame(of('webhook'), [{ ports: [{ port: 8443 }] }, narrowed])
  for (const part of ['certs', 'sync']) t.strictSame(of(part), [narrowed])
})

t.test('webhookFrom narrows only the port for reviews', { skip: withoutHelm }, async (t) => {
  const webhookFrom = [peer('kube-system')]
  const of = ingress({ webhookFrom })
  t.strictSame(of('webhook'), [
    { ports: [{ port: 8443 }], from: webhookFrom },
    { ports: [{ port: 8080 }] },
  ])
  t.strictSame(of('sync'), [{ ports: [{ port: 8080 }] }])
})
