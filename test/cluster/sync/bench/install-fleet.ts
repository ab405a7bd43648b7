import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRendered } from '../../../manifests/rendered.ts'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { applyCrds } from '../../client/crds.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { isCrd } from '../../harness/install/csi-manifests.ts'
import { teamRoles } from '../harness/team-roles.ts'
import { type ExternalFleet, externalObjects } from './external-secrets.ts'
import { accountName, accountObject, type Fleet, range, troublesome } from './fleet.ts'

const manifest = join(import.meta.dirname, '../../../fixtures/sync/install.yaml')

/** Creates the namespaces of a fleet. Its accounts are created later, after everything that they need. */
export async function createNamespaces(
  cluster: Cluster,
  count: number,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const made = range(count).map(async () => {
    const metadata = { generateName: 'akv-injector-bench-', labels }
    const { body } = expectSuccess(
      await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata }),
    )
    return body.metadata.name ?? ''
  })
  return await Promise.all(made)
}

/** The Roles with which the owner of a namespace allows the controller something for these accounts. */
export type RolesOf = typeof teamRoles

/**
 * Gives the controller's account the chart's permissions in each namespace, and applies the policies.
 *
 * @returns the container of the controller's Deployment, and a function that removes everything
 */
export async function installFleet(cluster: Cluster, fleet: Fleet, rolesOf: RolesOf = teamRoles) {
  const { objects, find } = readRendered(readFileSync(manifest, 'utf8'))
  const names = [...range(fleet.accountsEach).map(accountName), ...troublesome]
  const ofCluster = objects.filter(({ kind }) => kind !== 'Deployment')
  const ofNamespaces = fleet.namespaces.flatMap((namespace) => rolesOf(namespace, names))
  const all: readonly KubeObject[] = [...ofCluster, ...ofNamespaces]
  await applyCrds(cluster, all.filter(isCrd))
  const others = all.filter((object) => !isCrd(object))
  await forEachInParallel(others, async (object) => expectSuccess(await cluster.apply(object)))
  const [container] = find('Deployment').spec.template.spec.containers
  return {
    container,
    async remove() {
      const namespaces = fleet.namespaces.map((name) => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      }))
      await forEachInParallel([...all, ...namespaces], (object) => cluster.delete(object))
    },
  }
}

/** Annotates all accounts of a fleet, or applies its ExternalSecrets. Creates what doesn't exist. */
export async function applyAccounts(
  cluster: Cluster,
  fleet: Fleet | ExternalFleet,
  refresh: string,
): Promise<void> {
  const objects = fleet.namespaces.flatMap((namespace) =>
    'vaultUrl' in fleet
      ? externalObjects(fleet, { namespace, refresh })
      : range(fleet.accountsEach).map((index) =>
          accountObject(fleet, { namespace, index, refresh }),
        ),
  )
  await forEachInParallel(objects, async (object) => expectSuccess(await cluster.apply(object)))
}

export async function forEachInParallel(
  objects: readonly KubeObject[],
  each: (object: KubeObject) => Promise<unknown>,
): Promise<void> {
  const inLine = objects.values()
  const doRest = async () => {
    for (const object of inLine) await each(object)
  }
  await Promise.all(Array.from({ length: 8 }, doRest))
}
