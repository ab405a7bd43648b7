import t from 'tap'
import { render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'

const skip = withoutHelm
const settings = 'AKV_INJECTOR_IDENTITY_BINDING'

function renderBoth(identityBinding: object) {
  const { text, problem } = render({ values: { sync: { enabled: true }, identityBinding } })
  if (problem !== '') throw new Error(problem)
  const { find } = readRendered(text)
  const podOf = (name: string) => {
    const { spec } = find('Deployment', `akv-injector-${name}`).spec.template
    const [container] = spec.containers
    const env: Record<string, string> = Object.fromEntries(
      container.env.map(({ name, value }: Manifest) => [name, value]),
    )
    const isBinding = ({ name }: Manifest) => name === 'identity-binding'
    return {
      env: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith(settings))),
      volume: spec.volumes?.find(isBinding),
      mount: container.volumeMounts?.find(isBinding),
    }
  }
  const [audiences] = find('ValidatingAdmissionPolicy', 'akv-injector-sync-tokens').spec.validations
  return { pods: [podOf('webhook'), podOf('sync')], audiences: audiences.expression as string }
}

t.test('identity bindings are off', { skip }, async (t) => {
  const { pods, audiences } = renderBoth({ serverName: 'a.ests.aks', caConfigMap: 'other' })
  for (const pod of pods) t.strictSame(pod, { env: {}, volume: undefined, mount: undefined })
  t.notMatch(audiences, /AKSIdentityBinding/)
})

t.test(
  'the webhook and the controller get the same settings and the cluster’s CA',
  { skip },
  async (t) => {
    const { pods, audiences } = renderBoth({ enabled: true })
    const mounted = (name: string) => ({
      volume: { configMap: { name, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      mount: { mountPath: '/etc/akv-injector/identity-binding', readOnly: true },
    })
    for (const pod of pods) {
      t.match(pod, mounted('kube-root-ca.crt'))
      t.strictSame(pod.env, { [settings]: 'true' })
    }
    t.equal(
      audiences,
      'object.spec.?audiences.orValue([]) in [["api://AzureADTokenExchange"], ["api://AKSIdentityBinding"]]',
    )
    const chosen = {
      serverName: 'a.ests.aks',
      tokenProxy: 'https://10.0.0.1:8443',
      caConfigMap: 'ca',
    }
    for (const pod of renderBoth({ enabled: true, ...chosen }).pods) {
      t.match(pod, mounted('ca'))
      t.strictSame(pod.env, {
        [settings]: 'true',
        [`${settings}_SERVER_NAME`]: 'a.ests.aks',
        [`${settings}_TOKEN_PROXY`]: 'https://10.0.0.1:8443',
      })
    }
  },
)
