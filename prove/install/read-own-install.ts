import { existsSync } from 'node:fs'
import { InputError } from '../../command/input-error.ts'
import type { OwnInstall } from '../plan/facts.ts'

interface InstallOptions {
  readonly only?: readonly string[]
  readonly also?: readonly string[]
  readonly chart?: string
  readonly values?: readonly string[]
  readonly upgradeFrom?: string
}

/**
 * What a run installs. Undefined if it tries an install that is there.
 *
 * @throws InputError if an option needs another one, or a file is absent
 */
export function readOwnInstall({
  chart,
  values = [],
  upgradeFrom,
  only = [],
  also = [],
}: InstallOptions): OwnInstall | undefined {
  if (chart === undefined && values.length > 0)
    throw new InputError('--values: these are values of a chart; add --chart')
  if (chart === undefined && upgradeFrom !== undefined)
    throw new InputError('--upgrade-from: an upgrade needs the chart that it leads to; add --chart')
  if (chart === undefined) return undefined
  checkArgument('--chart', chart)
  if (upgradeFrom !== undefined) checkArgument('--upgrade-from', upgradeFrom)
  for (const file of values)
    if (!existsSync(file))
      throw new InputError(`--values: the file ${JSON.stringify(file.slice(0, 80))} doesn’t exist`)
  const rollsOut = [...only, ...also].includes('roll-outs')
  return { chart, values, rollsOut, ...(upgradeFrom !== undefined && { upgradeFrom }) }
}

/** Helm would take it for an option. */
function checkArgument(option: string, text: string): void {
  if (text === '' || text.startsWith('-'))
    throw new InputError(
      `${option}: found ${JSON.stringify(text.slice(0, 80))}; expected a chart, as helm takes it: a folder, a file, or a URL`,
    )
}
