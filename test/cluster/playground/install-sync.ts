import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../client/api.ts'
import type { Cluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { type Cloud, withVault } from '../node/harness/install-with-vault.ts'
import { teamRoles } from '../sync/harness/team-roles.ts'

/** The service accounts of the examples of Secret sync, in the namespace `default`. */
const accounts = ['shop', 'ingress-certificates', 'puller']

/** Applies the chart's objects for Secret sync, and enables these accounts. */
export async function installSync(cluster: Cluster, azure: Cloud): Promise<void> {
  for (const object of [...readManifests(), ...teamRoles('default', accounts)])
    expectSuccess(
      await cluster.apply(
        object.kind === 'Deployment' ? withVault(object, azure, examplesTenant) : object,
      ),
    )
}

const readManifests = (): readonly KubeObject[] =>
  parseAllDocuments(readFileSync(rendered, 'utf8')).map((document) => document.toJS())

const examplesTenant = { AKV_INJECTOR_DEFAULT_TENANT_ID: '11111111-1111-1111-1111-111111111111' }
const rendered = join(import.meta.dirname, '../../fixtures/sync/install.yaml')
