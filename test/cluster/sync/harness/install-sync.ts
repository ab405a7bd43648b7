import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Manifest, readRendered } from '../../../manifests/rendered.ts'
import { type Cluster, testNamespace } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'

const manifest = join(import.meta.dirname, '../../../fixtures/sync/install.yaml')

/** Two namespaces, with the service accounts that they list for sync. */
export interface SyncNamespaces {
  /** Lists the accounts `api` and `web`, and has `other`, which isn't listed. */
  readonly teamA: string
  /** Lists the account `web`. */
  readonly teamB: string
}

export interface InstalledSync {
  readonly namespaces: SyncNamespaces
  /** How its Deployment starts the controller. */
  readonly container: Manifest
}

/**
 * Installs what the chart gives the sync controller, for two namespaces; all of it goes when the test ends. Its
 * Deployment is tried only: the tests are the controller, or start it.
 */
export async function installSync(t: Test, cluster: Cluster): Promise<InstalledSync> {
  const [teamA, teamB] = [await testNamespace(t, cluster), await testNamespace(t, cluster)]
  const text = readFileSync(manifest, 'utf8')
    .replaceAll('team-a', teamA)
    .replaceAll('team-b', teamB)
  const { objects, find } = readRendered(text)
  t.teardown(async () => {
    for (const object of objects) await cluster.delete(object)
  })
  for (const object of objects)
    expectSuccess(await cluster.apply(object, { dryRun: object.kind === 'Deployment' }))
  for (const [namespace, name] of [
    [teamA, 'api'],
    [teamA, 'web'],
    [teamA, 'other'],
    [teamB, 'web'],
  ])
    expectSuccess(
      await cluster.create({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: String(name), namespace: String(namespace) },
      }),
    )
  const [container] = find('Deployment').spec.template.spec.containers
  return { namespaces: { teamA, teamB }, container }
}
