import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Manifest, readRendered } from '../../../manifests/rendered.ts'
import { type Cluster, testNamespace } from '../../client/cluster.ts'
import { applyCrds } from '../../client/crds.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { isCrd } from '../../harness/install/csi-manifests.ts'
import { teamRoles } from './team-roles.ts'

const manifest = join(import.meta.dirname, '../../../fixtures/sync/install.yaml')

/** Two namespaces with service accounts. */
export interface SyncNamespaces {
  /** Its accounts `api` and `web` are enabled for sync, and `other` isn't. */
  readonly teamA: string
  /** Its account `web` is enabled for sync. */
  readonly teamB: string
}

export interface InstalledSync {
  readonly namespaces: SyncNamespaces
  /** The container of the controller's Deployment. */
  readonly container: Manifest
}

/**
 * Installs the chart's objects for sync, and enables accounts in two namespaces as their owners do. All are deleted when the
 * test ends. The Deployment is only applied by dry run, because the tests act as the controller or start it themselves.
 */
export async function installSync(t: Test, cluster: Cluster): Promise<InstalledSync> {
  const [teamA, teamB] = [await testNamespace(t, cluster), await testNamespace(t, cluster)]
  const { objects: ofChart, find } = readRendered(
    readFileSync(manifest, 'utf8').replaceAll('team-b', teamB),
  )
  const ofTeams = [...teamRoles(teamA, ['api', 'web']), ...teamRoles(teamB, ['web'])]
  const objects = [...ofChart, ...ofTeams]
  t.teardown(async () => {
    for (const object of objects) await cluster.delete(object)
  })
  await applyCrds(cluster, objects.filter(isCrd))
  for (const object of objects.filter((object) => !isCrd(object)))
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
