import t from 'tap'
import { readInstalled } from '../../operate/doctor/model/installed.ts'
import { render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'

const compared = [
  'MutatingWebhookConfiguration',
  'Service',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]
/** Helm's own labels aren't in the ConfigMap. */
const withoutHelmLabels = ({ metadata, ...object }: Manifest): Manifest => {
  const labels = Object.entries(metadata.labels).filter(([key]) => !/helm|managed-by/.test(key))
  return { ...object, metadata: { ...metadata, labels: Object.fromEntries(labels) } }
}
const title = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`
const sorted = (objects: readonly Manifest[]) =>
  objects.toSorted((a, b) => title(a).localeCompare(title(b)))

const values: Readonly<Record<string, object>> = {
  'the defaults': {},
  'cert-manager': { certs: { mode: 'cert-manager' } },
  files: {
    certs: { mode: 'files', files: { caBundle: '-----BEGIN CERTIFICATE-----', secretName: 'y' } },
  },
  'no policies': {
    policies: {
      ephemeralContainers: false,
      uninjectedPods: 'off',
      unsyncedAccounts: false,
      idleRollouts: false,
    },
  },
  'selectors and names': {
    namespaceOverride: 'other',
    webhook: {
      excludedNamespaces: ['a'],
      namespaceSelector: { matchLabels: { team: 'payments' } },
      objectSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
    },
  },
  'CSI volumes and Secret sync': {
    csi: { namespaces: 'labelled' },
    sync: { enabled: true, classes: true, externalSecrets: true },
  },
}

for (const [name, some] of Object.entries(values))
  t.test(`the ConfigMap says what is installed, with ${name}`, { skip: withoutHelm }, async (t) => {
    const { objects, find } = readRendered(render({ values: some }).text)
    const wanted = objects.filter(({ kind }) => compared.includes(kind)).map(withoutHelmLabels)
    const found = readInstalled(find('ConfigMap', 'akv-injector-installed'))
    t.strictSame(sorted(found.map(({ object }) => object)), sorted(wanted))
    t.ok(found.length >= 2)
  })
