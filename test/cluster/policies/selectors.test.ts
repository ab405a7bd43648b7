import t from 'tap'
import { render, withoutHelm } from '../../manifests/helm.ts'
import { readRendered } from '../../manifests/rendered.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readManifest } from '../harness/install/install.ts'
import { checkTypes } from './check-types.ts'
import { workloads } from './workloads.ts'

/**
 * With webhook.namespaceSelector or webhook.objectSelector, the API server doesn't send all annotated pods to the webhook.
 * The policy about workloads must report exactly those that the selectors leave out.
 */
const skip = withoutHelm
const cluster = openCluster(t)
const annotations = { vault: 'team-a', secrets: 'db-password' }
const only = ['templates/policies/uninjected.yaml', 'templates/mutating-webhook-configuration.yaml']
const rendered = (webhook: object) =>
  readRendered(render({ values: { webhook }, only }).text).objects as readonly KubeObject[]

t.teardown(async () => {
  const names = rendered({}).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
  for (const object of readManifest('install.yaml'))
    if (names.includes(`${object.kind} ${object.metadata.name}`)) await cluster.apply(object)
})

type Labels = Readonly<Record<string, string>>

async function warningsOf(namespace: string, labels: Labels): Promise<readonly string[]> {
  const answers = await Promise.all(
    workloads({ namespace, annotations, labels }).map((workload) =>
      cluster.apply(workload, { dryRun: true }),
    ),
  )
  return answers.flatMap((answer) => expectSuccess(answer).warnings)
}

const matchLabels = { team: 'shop' }
const values = ['shop', 'web']
const expressions = (...matchExpressions: readonly object[]) => ({ matchExpressions })
/** Each selector with labels that it selects and labels that it doesn't. */
const selectors: readonly (readonly [object, readonly Labels[], readonly Labels[]])[] = [
  [{ matchLabels }, [{ team: 'shop', tier: 'a' }], [{}, { team: 'other' }, { team: '' }]],
  [{ matchLabels: { team: '' } }, [{ team: '' }], [{}, { team: 'shop' }]],
  [
    expressions({ key: 'team', operator: 'In', values }),
    [{ team: 'shop' }, { team: 'web' }],
    [{}, { team: 'other' }],
  ],
  [
    expressions({ key: 'team', operator: 'NotIn', values }),
    [{}, { team: 'other' }],
    [{ team: 'shop' }, { team: 'web' }],
  ],
  [
    { matchLabels, ...expressions({ key: 'example.com/a', operator: 'Exists' }) },
    [{ team: 'shop', 'example.com/a': '' }],
    [{ team: 'shop' }, { 'example.com/a': '' }],
  ],
  [expressions({ key: 'team', operator: 'DoesNotExist' }), [{}], [{ team: '' }]],
]

for (const kind of ['namespaceSelector', 'objectSelector'] as const)
  t.test(
    `workloads outside of webhook.${kind} are reported, others aren’t`,
    { skip },
    async (t) => {
      for (const [selector, selected, others] of selectors) {
        const objects = rendered({ [kind]: selector })
        for (const object of objects) expectSuccess(await cluster.apply(object))
        for (const labels of [...others, ...selected]) {
          const isSelected = selected.includes(labels)
          const ofNamespace = kind === 'namespaceSelector' ? labels : {}
          const namespace = await testNamespace(t, cluster, ofNamespace)
          const warnings = () => warningsOf(namespace, kind === 'objectSelector' ? labels : {})
          const count = isSelected ? 0 : 2
          const name = `${JSON.stringify(selector)} ${JSON.stringify(labels)}`
          // The API server applies a changed policy after a moment.
          await t.resolves(
            until(async () => (await warnings()).length === count, 20_000),
            name,
          )
          for (const warning of await warnings()) t.match(warning, 'webhook.objectSelector', name)
        }
        await checkTypes(t, cluster, objects)
      }
    },
  )
