import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bundle } from '../../image/bundle.ts'
import { type Bench, measureInTurns, mebibytes } from './bench.ts'
import { measureProcess, medianOf } from './measure-process.ts'

/** As many as the largest of the public repositories that were looked at has. */
const folders = 94

/** Measures `check` of a repository of Flux, whose folders kustomize or kubectl renders, whichever is on the PATH. */
export const benchRendering: Bench = async ({ isSmoke }) => {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  try {
    await bundle(join(folder, 'dist'))
    writeRepository(join(folder, 'repository'))
    const run = (...options: readonly string[]) =>
      measureProcess({
        folder,
        args: [join(folder, 'dist/main.js'), 'check', join(folder, 'repository'), ...options],
        env: { PATH: process.env['PATH'] ?? '' },
        stderr: 'ignore',
      })
    const runs = await measureInTurns(
      { rendered: () => run('--render'), read: () => run('--no-render') },
      isSmoke ? 1 : 3,
    )
    return (['rendered', 'read'] as const).map((how) => {
      const { wallMs, cpuMs, peakBytes } = medianOf(runs[how])
      return {
        what: `${folders} folders of Flux, ${how === 'read' ? 'not ' : ''}rendered`,
        value: `${(wallMs / 1000).toFixed(1)} s, of which ${(cpuMs / 1000).toFixed(1)} s are check’s own CPU, ${mebibytes(peakBytes)} at its peak, without the programs`,
      }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function writeRepository(folder: string): void {
  const names = Array.from({ length: folders }, (_, i) => `app-${i}`)
  const files = {
    '.git/HEAD': '',
    'clusters/prod/apps.yaml': names.map(kustomizationText).join('---\n'),
    ...Object.fromEntries(
      names.flatMap((name) => [
        [`apps/${name}/kustomization.yaml`, 'namespace: apps\nresources: [deployment.yaml]\n'],
        [`apps/${name}/deployment.yaml`, deploymentText(name)],
      ]),
    ),
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const kustomizationText = (name: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  path: ./apps/${name}
  sourceRef: { kind: GitRepository, name: flux-system }
  postBuild: { substitute: { VAULT: kv-prod } }
`

const deploymentText = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata:
      labels: { app: ${name} }
      annotations:
        akv-injector.io/vault: \${VAULT}
        akv-injector.io/secrets: db-password
        akv-injector.io/client-id: 22222222-2222-2222-2222-222222222222
    spec: { containers: [{ name: app, image: 'registry.example/${name}:1' }] }
`
