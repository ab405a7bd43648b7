import t from 'tap'
import { render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'
import { podsOf } from './security/pod-privileges.ts'
import { readRendering } from './security/renderings.ts'

/** Which connections the pods of a process may accept and open, such as `TCP 8443`. */
interface Connections {
  readonly accepts: readonly string[]
  readonly opens: readonly string[]
}

function connectionsOf({ spec }: Manifest): Connections {
  const { ingress = [], egress = [] } = spec
  // Without policyTypes, a policy restricts outgoing connections only if it lists some.
  const { policyTypes = ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])] } = spec
  return {
    accepts: policyTypes.includes('Ingress') ? portsIn(ingress) : ['anything'],
    opens: policyTypes.includes('Egress') ? portsIn(egress) : ['anything'],
  }
}

const portsIn = (rules: readonly Manifest[]) =>
  rules.flatMap(({ ports = [{ port: 'any' }], from, to }) =>
    ports.map(({ port, protocol = 'TCP' }: Manifest) => {
      const peers = from ?? to
      return `${protocol} ${port}${peers ? ` ${JSON.stringify(peers)}` : ''}`
    }),
  )

/** Returns the connections of each pod that a policy selects. */
function connections(objects: readonly Manifest[]): Readonly<Record<string, Connections>> {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy')
  const found = Object.entries(podsOf(objects)).flatMap(([name, { metadata }]) =>
    policies
      .filter(({ spec }) =>
        Object.entries(spec.podSelector.matchLabels).every(
          ([key, value]) => metadata.labels[key] === value,
        ),
      )
      .map((policy) => [name.replace('akv-injector-', ''), connectionsOf(policy)] as const),
  )
  return Object.fromEntries(found)
}

const dns = ['TCP 53', 'UDP 53']
const apiServer = ['TCP 443', 'TCP 6443', ...dns]
const certs = { accepts: ['TCP 8080'], opens: apiServer }

t.test('the webhook opens no connection, and the controller only to the API server', async (t) => {
  t.strictSame(connections(readRendering('install')), {
    webhook: { accepts: ['TCP 8443', 'TCP 8080'], opens: [] },
    certs,
  })
})

const skip = withoutHelm
const sync = { enabled: true }
const rendered = (values: object) =>
  connections(readRendered(render({ values: { sync, ...values } }).text).objects)

t.test(
  'with identity bindings, the webhook asks the API server for its certificate',
  { skip },
  async (t) => {
    const values = { networkPolicy: { enabled: true }, identityBinding: { enabled: true } }
    t.strictSame(rendered(values)['webhook']?.opens, apiServer)
  },
)

t.test('the other parts may open connections to what they need', { skip }, async (t) => {
  const networkPolicy = { apiServerPorts: [6443], vaultPorts: [443, 3128] }
  const { webhook, sync } = rendered({ networkPolicy, csi: { namespaces: 'all' } })
  t.strictSame(webhook?.opens, ['TCP 6443', ...dns], 'with csi.namespaces')
  t.strictSame(sync, {
    accepts: ['TCP 8080'],
    opens: ['TCP 6443', 'TCP 443', 'TCP 3128', ...dns],
  })
})

t.test('the values say who may connect to which port', { skip }, async (t) => {
  const peer = (name: string) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  })
  const metricsFrom = [peer('monitoring'), { ipBlock: { cidr: '10.0.0.0/8' } }]
  const webhookFrom = [peer('kube-system')]
  const metrics = `TCP 8080 ${JSON.stringify(metricsFrom)}`
  const all = rendered({ networkPolicy: { metricsFrom, webhookFrom } })
  t.strictSame(all['webhook']?.accepts, [`TCP 8443 ${JSON.stringify(webhookFrom)}`, metrics])
  for (const name of ['certs', 'sync']) t.strictSame(all[name]?.accepts, [metrics], name)
  const { webhook } = rendered({ networkPolicy: { webhookFrom } })
  t.strictSame(webhook?.accepts[1], 'TCP 8080', 'metrics still come from anywhere')
  t.strictSame(rendered({ networkPolicy: { enabled: false } }), {})
})
