import t from 'tap'
import { render, withoutHelm } from '../../manifests/helm.ts'
import { readRendered } from '../../manifests/rendered.ts'
import type { Labels } from '../../manifests/security/matching.ts'
import { everyOperator, leftOut, selected } from '../../manifests/security/selector-example.ts'
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

async function warningsOf(namespace: string, labels: Labels): Promise<readonly string[]> {
  const answers = await Promise.all(
    workloads({ namespace, annotations, labels }).map((workload) =>
      cluster.apply(workload, { dryRun: true }),
    ),
  )
  return answers.flatMap((answer) => expectSuccess(answer).warnings)
}

for (const kind of ['namespaceSelector', 'objectSelector'] as const)
  t.test(
    `workloads outside of webhook.${kind} are reported, others aren’t`,
    { skip },
    async (t) => {
      const objects = rendered({ [kind]: everyOperator })
      for (const object of objects) expectSuccess(await cluster.apply(object))
      for (const labels of [...leftOut, selected]) {
        const ofNamespace = kind === 'namespaceSelector' ? labels : {}
        const namespace = await testNamespace(t, cluster, ofNamespace)
        const warnings = () => warningsOf(namespace, kind === 'objectSelector' ? labels : {})
        const count = labels === selected ? 0 : 2
        const name = JSON.stringify(labels)
        // The API server applies a changed policy after a moment.
        await t.resolves(
          until(async () => (await warnings()).length === count, 20_000),
          name,
        )
        for (const warning of await warnings()) t.match(warning, 'webhook.objectSelector', name)
      }
      await checkTypes(t, cluster, objects)
    },
  )
