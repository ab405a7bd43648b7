import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const helm = process.env['HELM'] ?? 'helm'
const chart = join(import.meta.dirname, '../../manifests/chart')

/** Why what needs Helm is left out; false where it is there. */
export const withoutHelm =
  spawnSync(helm, ['version']).status !== 0 &&
  'Helm is not on the PATH, and HELM names none: charts can only be rendered by it'

export interface Rendering {
  readonly ok: boolean
  readonly text: string
  readonly problem: string
}

export interface RenderOptions {
  readonly values?: object
  /** As on a command line, such as `webhook.replicas=3`. */
  readonly set?: readonly string[]
  readonly namespace?: string
  readonly kubeVersion?: string
  readonly withTests?: boolean
  /** Templates, such as `templates/service.yaml`: nothing but what they make. */
  readonly only?: readonly string[]
  /** Values that the schema refuses, too. */
  readonly unchecked?: boolean
}

/** `helm template`, as `manifests/install.yaml` is made unless told otherwise. */
export function render(options: RenderOptions = {}): Rendering {
  const { values = {}, namespace, kubeVersion = '1.36.0', withTests = false } = options
  const { set = [], only = [], unchecked = false } = options
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-chart-'))
  try {
    const file = join(folder, 'values.json')
    writeFileSync(file, JSON.stringify(values))
    const { status, stdout, stderr } = spawnSync(
      helm,
      [
        ...['template', 'akv-injector', chart, '--values', file, '--kube-version', kubeVersion],
        ...(namespace === undefined ? [] : ['--namespace', namespace]),
        ...(withTests ? [] : ['--skip-tests']),
        ...set.flatMap((value) => ['--set', value]),
        ...only.flatMap((template) => ['--show-only', template]),
        ...(unchecked ? ['--skip-schema-validation'] : []),
      ],
      { encoding: 'utf8' },
    )
    return { ok: status === 0, text: stdout, problem: stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
