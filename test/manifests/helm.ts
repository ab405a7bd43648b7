import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { placeholderRepository } from '../../image/placeholder-repository.ts'
import { programPath, without } from '../support/needs/without.ts'

const helm = programPath('helm')
const chart = join(import.meta.dirname, '../../manifests/chart')

/** Why tests that need Helm are skipped; false if Helm is available. */
export const withoutHelm = without('helm')

export interface Rendering {
  readonly ok: boolean
  readonly text: string
  readonly problem: string
}

export interface RenderOptions {
  readonly values?: object
  /** Values in the form of `--set`, such as `webhook.replicas=3`. */
  readonly set?: readonly string[]
  readonly namespace?: string
  readonly kubeVersion?: string
  readonly withTests?: boolean
  /** Renders only these templates, such as `templates/service.yaml`. */
  readonly only?: readonly string[]
  /** Skips the schema, so that the templates get values that it refuses. */
  readonly unchecked?: boolean
}

/** The command that {@link render} runs without options. It renders the manifests of `manifests/install.yaml`. */
export const templateCommand = `helm template akv-injector manifests/chart --kube-version 1.35.0 --set image.repository=${placeholderRepository}`

/** Runs `helm template` with an image that can't be pulled, unless the values name one. */
export function render(options: RenderOptions = {}): Rendering {
  const key = JSON.stringify(options)
  const rendering = rendered.get(key) ?? runHelm(options)
  rendered.set(key, rendering)
  return rendering
}

/** Many tests look at the same rendering. */
const rendered = new Map<string, Rendering>()

function runHelm(options: RenderOptions): Rendering {
  const { values = {}, namespace, kubeVersion = '1.35.0', withTests = false } = options
  const { set = [], only = [], unchecked = false } = options
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-chart-'))
  try {
    const file = join(folder, 'values.json')
    writeFileSync(file, JSON.stringify(values))
    const defaults = join(folder, 'defaults.json')
    writeFileSync(defaults, JSON.stringify({ image: { repository: placeholderRepository } }))
    const { status, stdout, stderr } = spawnSync(
      helm,
      [
        ...['template', 'akv-injector', chart, '--kube-version', kubeVersion],
        ...['--values', defaults, '--values', file],
        ...(namespace === undefined ? [] : ['--namespace', namespace]),
        ...(withTests ? [] : ['--skip-tests']),
        ...set.flatMap((value) => ['--set', value]),
        ...only.flatMap((template) => ['--show-only', template]),
        ...(unchecked ? ['--skip-schema-validation'] : []),
      ],
      // Helm ends before it would have to collect garbage.
      { encoding: 'utf8', env: { ...process.env, GOGC: 'off' } },
    )
    return { ok: status === 0, text: stdout, problem: stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs `helm lint`, and returns its output if it found something to warn about. */
export function lint(): string {
  const image = `image.repository=${placeholderRepository}`
  const { status, stdout, stderr } = spawnSync(
    helm,
    ['lint', chart, '--strict', '--quiet', '--set', image],
    { encoding: 'utf8' },
  )
  return status === 0 ? '' : stdout + stderr
}
