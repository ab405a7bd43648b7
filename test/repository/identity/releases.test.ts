// The account of a chart's pod is one of the namespace that the release is installed in, rendered with the real Helm.

import t from 'tap'
import { without } from '../../support/needs/without.ts'
import { application, chart, checkRepository } from '../input/render/check-repository.ts'

/** Most charts leave the namespace to Helm. */
const namespaceless = {
  ...chart,
  'charts/web/templates/pod.yaml': chart['charts/web/templates/pod.yaml'].replace(
    '  namespace: {{ .Release.Namespace }}\n',
    '',
  ),
}

const helmRelease = (metadata: string, spec = '') =>
  `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web${metadata} }
spec:
  chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: flux-system } } }
${spec}`

const target = '  targetNamespace: other\n'
const source = 'path: charts/web'

for (const [what, text, namespace] of [
  ['a HelmRelease', helmRelease(', namespace: shop'), 'shop'],
  ['a HelmRelease with targetNamespace', helmRelease(', namespace: shop', target), 'other'],
  ['a HelmRelease with only targetNamespace', helmRelease('', target), 'other'],
  ['a HelmRelease without a namespace', helmRelease(''), 'default'],
  ['an Application', application('web', source, 'shop'), 'shop'],
  ['an Application without a namespace', application('web', source, '""'), 'default'],
] as const)
  t.test(`the credential for ${what}`, { skip: without('helm') }, async (t) => {
    const { code, stdout, stderr } = await checkRepository(
      t,
      { ...namespaceless, 'clusters/web.yaml': text },
      { command: 'identity', args: ['--issuer', 'https://oidc.example/cluster/'] },
    )
    t.equal(code, 0, stderr)
    t.strictSame(stdout.match(/system:serviceaccount:[^\s'"]+/g), [
      `system:serviceaccount:${namespace}:default`,
    ])
  })
