import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../../..')

/**
 * Writes the chart as it was while it had a Role in each namespace of `sync.namespaces`, as far as an upgrade from it is
 * concerned.
 *
 * @param folder - an empty folder
 */
export function writeEarlierChart(folder: string): void {
  cpSync(join(root, 'manifests/chart'), folder, { recursive: true })
  const ofSync = join(folder, 'templates/sync')
  rmSync(join(ofSync, 'kept-roles.yaml'))
  cpSync(
    join(root, 'test/fixtures/previous-release/sync-roles.yaml'),
    join(ofSync, 'earlier-roles.yaml'),
  )
  const deployment = join(ofSync, 'deployment.yaml')
  const text = readFileSync(deployment, 'utf8')
  const changed = text.replace(/"--watch", \{\{.*?\}\}/, earlierArguments)
  if (changed === text) throw new Error('the Deployment has no argument --watch')
  writeFileSync(deployment, changed)
}

const earlierArguments =
  '"--service-accounts"{{ range $namespace, $settings := .Values.sync.namespaces }}{{ with $settings }}, "{{ $namespace }}={{ join "+" .serviceAccounts }}"{{ end }}{{ end }}'
