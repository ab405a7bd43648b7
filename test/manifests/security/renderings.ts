import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, readRendered } from '../rendered.ts'

const root = join(import.meta.dirname, '../../..')
const read = (path: string): readonly Manifest[] =>
  readRendered(readFileSync(join(root, path), 'utf8')).objects

/**
 * What the chart renders, from committed files, so that no test needs Helm. Other tests compare the files with the chart.
 */
export const renderings = {
  /** The whole chart with its default values. */
  install: read('manifests/install.yaml'),
  /** The templates of Secret sync, with ServiceAccounts in two namespaces, classes and ExternalSecrets. */
  sync: read('test/fixtures/sync/install.yaml'),
  /** The webhook configuration, the webhook's permissions and a policy, with `csi.namespaces=labelled`. */
  csiLabelled: read('test/fixtures/csi/labelled.yaml'),
  /** The webhook configuration and the same policy, with `csi.namespaces=all`. */
  csiAll: read('test/fixtures/csi/all.yaml'),
}
