import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RenderFolder } from '../text/find-files.ts'
import { type ChartSettings, valuesFor } from './chart-options.ts'

/** A release of a chart in the repository. */
export interface Release {
  readonly name: string
  /** If undefined, the one that the user chose counts. */
  readonly namespace: string | undefined
  /** The values, of which later ones count more. */
  readonly values: readonly ReleaseValues[]
  /** Options of Helm for single values, which count more than all others. */
  readonly sets: readonly string[]
  /** Whether the chart's `values.yaml` doesn't count, as if Flux had packed the chart with other values. */
  readonly hidesOwnValues?: boolean
}

/** Values as YAML, or a file that has them. */
export type ReleaseValues = { readonly text: string } | { readonly file: string }

interface HelmOptions extends ChartSettings {
  readonly namespace: string
  readonly scratch: string
}

/**
 * Writes the release's values into a new folder, and returns the arguments of `helm template`.
 *
 * @param folder - the absolute path of the chart
 * @param options - `values`: files that count more than the release's own; `scratch`: the path of the new folder
 */
export function helmArguments(
  { folder, release }: { readonly folder: string; readonly release?: Release | undefined },
  { namespace, values, kubeVersion, scratch }: HelmOptions,
): readonly string[] {
  const own = release?.values ?? []
  // What Git keeps for itself may have the token of a checkout.
  const hidden = ['.git', ...(release?.hidesOwnValues ? ['values.yaml'] : [])]
  const isLinked = hidden.some((name) => existsSync(join(folder, name)))
  if (own.length > 0 || isLinked) mkdirSync(scratch)
  const chart = isLinked ? linkChart(folder, join(scratch, 'chart'), hidden) : folder
  const files = own.map((some, i) => {
    if ('file' in some) return some.file
    const file = join(scratch, `values-${i}.yaml`)
    writeFileSync(file, some.text)
    return file
  })
  const chosen = valuesFor(folder, values)
  return [
    ...(release === undefined ? [] : [release.name]),
    chart,
    // A schema may refer to any file of this machine.
    '--skip-schema-validation',
    '--namespace',
    release?.namespace ?? namespace,
    ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
    ...[...files, ...chosen.map(({ file }) => file)].map(valuesOption),
    ...(release?.sets ?? []),
  ]
}

/** Whether nobody gives values for what is rendered: it is a chart that no release names, and no option has values for it. */
export const hasDefaultValues = (
  { kind, path, release }: RenderFolder & { readonly release?: Release },
  { values }: ChartSettings,
): boolean =>
  kind === 'chart' && release === undefined && valuesFor(resolve(path), values).length === 0

/** Makes a folder of links to everything in a chart but some names, which Helm has no option to leave out. */
function linkChart(folder: string, links: string, hidden: readonly string[]): string {
  mkdirSync(links)
  for (const name of readdirSync(folder))
    if (!hidden.includes(name)) symlinkSync(join(folder, name), join(links, name))
  return links
}

/** Helm parses the option's value as a line of CSV. */
const valuesOption = (file: string): string => `--values="${resolve(file).replaceAll('"', '""')}"`
