import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../client/api.ts'
import type { Cluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { type Cloud, withVault } from '../node/harness/install-with-vault.ts'

/** The service accounts of the examples of Secret sync, in the namespace `default`. */
const accounts = ['shop', 'ingress-certificates', 'puller']

/** Applies the chart's objects for Secret sync. */
export async function installSync(cluster: Cluster, azure: Cloud): Promise<void> {
  for (const object of renderedObjects())
    expectSuccess(
      await cluster.apply(
        object.kind === 'Deployment' ? withVault(object, azure, examplesTenant) : object,
      ),
    )
}

/** Takes the objects that were rendered for the tests, and replaces their namespaces and accounts. */
function renderedObjects(): KubeObject[] {
  return parseAllDocuments(readFileSync(rendered, 'utf8'))
    .map((document) => document.toJS() as KubeObject)
    .filter(({ metadata }) => metadata.namespace !== 'team-b')
    .map((object) =>
      JSON.parse(
        JSON.stringify(object)
          .replaceAll('"team-a=api+web","team-b=web"', `"default=${accounts.join('+')}"`)
          .replaceAll('"team-a"', '"default"')
          .replaceAll('["api","web"]', JSON.stringify(accounts)),
      ),
    )
}

const examplesTenant = { AKV_INJECTOR_DEFAULT_TENANT_ID: '11111111-1111-1111-1111-111111111111' }
const rendered = join(import.meta.dirname, '../../fixtures/sync/install.yaml')
