import { join, resolve } from 'node:path'
import { InputError } from '../../../command/input-error.ts'
import { printable } from '../../../lib/printable.ts'
import { isFile } from '../text/is-file.ts'
import type { LoadRestrictor } from './load-restrictors.ts'

/** What the user says about the charts and Kustomize folders that are rendered. */
export interface ChartOptions {
  /** Files with values for all charts, or `CHART=FILE` for the chart in one folder. Later ones count more. */
  readonly values?: readonly string[]
  /** The version of Kubernetes to render charts for. If undefined, Helm chooses one. */
  readonly kubeVersion?: string
  readonly loadRestrictor?: LoadRestrictor
}

export interface ChartSettings {
  readonly values: readonly ChartValuesFile[]
  readonly kubeVersion?: string | undefined
  readonly loadRestrictor?: LoadRestrictor | undefined
}

interface ChartValuesFile {
  readonly file: string
  /** The absolute path of the only chart that it is for. */
  readonly chart?: string
}

/**
 * Reads the options for rendering. Values have to be files, because Helm would download a URL.
 *
 * @throws InputError if one of them isn't a file, if a folder has no chart, or if nothing is to be rendered
 */
export function readChartOptions(
  { values = [], kubeVersion, loadRestrictor }: ChartOptions,
  renders: boolean,
): ChartSettings {
  const [given] = [
    ...(values.length > 0 ? ['--values'] : []),
    ...(kubeVersion ? ['--kube-version'] : []),
    ...(loadRestrictor ? ['--load-restrictor'] : []),
  ]
  if (given !== undefined && !renders)
    throw new InputError(
      `${given} and --no-render: ${given} is for what is rendered; leave out one of them`,
    )
  return { values: values.map(readValuesFile), kubeVersion, loadRestrictor }
}

/** Returns the files with values for the chart in a folder, by its absolute path. */
export const valuesFor = (folder: string, values: ChartSettings['values']) =>
  values.filter(({ chart }) => chart === undefined || chart === folder)

function readValuesFile(text: string): ChartValuesFile {
  if (isFile(text)) return { file: text }
  const [, folder, file] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (folder === undefined || file === undefined || !isFile(file))
    throw new InputError(`--values ${printable(file ?? text, 200)}: no such file`)
  if (!isFile(join(folder, 'Chart.yaml')))
    throw new InputError(
      `--values ${printable(text, 200)}: ${printable(folder, 200)} has no Chart.yaml; pass FILE for all charts, or CHART=FILE with the folder of one`,
    )
  return { file, chart: resolve(folder) }
}
