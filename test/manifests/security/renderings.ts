import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, readRendered } from '../rendered.ts'

const root = join(import.meta.dirname, '../../..')
const files = {
  /** The whole chart with its default values. */
  install: 'manifests/install.yaml',
  /** The templates of Secret sync, with classes and ExternalSecrets. */
  sync: 'test/fixtures/sync/install.yaml',
  /** The policies that warn about what isn't synced, with the same values. */
  unsynced: 'test/fixtures/sync/unsynced.yaml',
  /** The policy that warns about workloads that can't be rolled out, with `sync.rollouts.enabled`. */
  idleRollouts: 'test/fixtures/sync/idle-rollouts.yaml',
  /** The webhook configuration, the webhook's permissions and a policy, with `csi.namespaces=labelled`. */
  csiLabelled: 'test/fixtures/csi/labelled.yaml',
  /** The webhook configuration and the same policy, with `csi.namespaces=all`. */
  csiAll: 'test/fixtures/csi/all.yaml',
}

/**
 * Reads what the chart renders from a committed file, so that tests need no Helm. Other tests compare the files with the
 * chart.
 */
export const readRendering = (name: keyof typeof files): readonly Manifest[] =>
  readRendered(readFileSync(join(root, files[name]), 'utf8')).objects
