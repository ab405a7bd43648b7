import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { kubernetesVersions } from './parts/kubernetes-versions.ts'
import { testFiles } from './test-files.ts'

/**
 * `npm run cluster:versions`: runs the tests that need an API server on each version of Kubernetes, and the tests with
 * pods on the oldest and the newest; on the newest also with a fast start. Every version is tested, even after a failure.
 */

const main = join(import.meta.dirname, 'main.ts')
const { plain, onNode } = testFiles()

const failed = kubernetesVersions.filter((version, i) => {
  const isNewest = i === kubernetesVersions.length - 1
  const withPods = i === 0 || isNewest
  console.log(`Kubernetes ${version}${withPods ? ', with pods' : ''}`)
  const runs = [withPods ? [] : plain, ...(isNewest ? [['--fast-start', ...onNode]] : [])]
  const ended = runs.map((more) => {
    const args = [main, '--required', '--kubernetes', version, ...more]
    return spawnSync(process.execPath, args, { stdio: 'inherit' }).status
  })
  return ended.some((status) => status !== 0)
})
console.log(
  failed.length === 0
    ? `passed on Kubernetes ${kubernetesVersions.join(', ')}`
    : `failed on Kubernetes ${failed.join(', ')}`,
)
process.exitCode = failed.length === 0 ? 0 : 1
