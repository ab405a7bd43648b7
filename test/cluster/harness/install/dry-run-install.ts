import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { readRendered } from '../../../manifests/rendered.ts'

/**
 * Renders an install of the release `akv-injector` in the namespace `vaults`, with look-ups in the cluster.
 *
 * @param values - in the form of `--set`
 */
export function dryRunInstall(...values: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.env['HELM'] ?? 'helm',
    [
      ...['install', 'akv-injector', join(import.meta.dirname, '../../../../manifests/chart')],
      ...['--namespace', 'vaults', '--dry-run=server', '--take-ownership'],
      ...['--set', 'image.repository=registry.example/akv-injector'],
      ...values.flatMap((value) => ['--set', value]),
    ],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  const [, manifest = '', notes = ''] = stdout.split(/^MANIFEST:$|^NOTES:$/m)
  return { ...readRendered(manifest), notes }
}
