import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { webhookConfiguration } from './install.ts'

const root = join(import.meta.dirname, '../../../..')

/** What the chart renders for these values of `csi.namespaces`, as far as the API server needs it. */
export type CsiManifests = 'labelled' | 'all'

export const readCsiManifests = (mode: CsiManifests): readonly KubeObject[] =>
  readObjects(`test/fixtures/csi/${mode}.yaml`)

/** The CRD of SecretProviderClass, as `kubectl` applies it. */
export function secretProviderClassCrd(): KubeObject {
  const crd = readObjects('manifests/crds/secretproviderclasses.yaml').find(isCrd)
  if (!crd) throw new Error('the manifest has no CRD')
  return crd
}

/** The CRDs of ExternalSecret and its stores, as `kubectl` applies them. */
export const externalSecretCrds = (): readonly KubeObject[] =>
  readObjects('manifests/crds/externalsecrets.yaml').filter(isCrd)

/** All that `kubectl apply -f manifests/crds` applies: the CRDs, and who may use their objects. */
export const crdsFolder = (): readonly KubeObject[] =>
  ['secretproviderclasses', 'externalsecrets'].flatMap((name) =>
    readObjects(`manifests/crds/${name}.yaml`),
  )

export const isCrd = ({ kind }: KubeObject) => kind === 'CustomResourceDefinition'

/** The webhook configuration for this value of `csi.namespaces`. */
export function csiWebhookConfiguration(mode: CsiManifests): KubeObject {
  const { kind } = webhookConfiguration()
  const found = readCsiManifests(mode).find((object) => object.kind === kind)
  if (!found) throw new Error('the manifests have no webhook configuration')
  return found
}

/** Applies the webhook configuration, and brings back the installed one when the test ends. */
export async function applyCsiWebhooks(
  t: Test,
  cluster: Cluster,
  mode: CsiManifests,
): Promise<void> {
  t.teardown(() => cluster.apply(webhookConfiguration()))
  expectSuccess(await cluster.apply(csiWebhookConfiguration(mode)))
}

const readObjects = (path: string): readonly KubeObject[] =>
  parseAllDocuments(readFileSync(join(root, path), 'utf8'))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null)
