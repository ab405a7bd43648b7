import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { isObject, objectAt, valueAt } from '../../lib/shape.ts'
import { type WatchMode, watchModes } from '../../requests/administrator/watch-mode.ts'
import { readMapping } from '../input/render/read-mapping.ts'
import { FileError } from '../input/text/file-error.ts'
import type { NamedAccount } from './role.ts'

/** The part of the chart's values that decides which Roles Secret sync needs. */
export interface ChartValues {
  /** The accounts in `sync.namespaces`. */
  readonly accounts: readonly NamedAccount[]
  readonly namespace?: string
  readonly watch?: WatchMode
  readonly classes?: boolean
  readonly externalSecrets?: boolean
}

/**
 * Reads values of our chart, from a values file or from the output of `helm get values`.
 *
 * @param source - a path; `-` is standard input
 * @throws FileError with the first member that the chart wouldn't accept
 */
export function readChartValues(source: string): ChartValues {
  const values = readMapping(source, 'rbac')?.object
  const refuse = (path: string, found: unknown, expected: string): never => {
    const shown = printable(JSON.stringify(found) ?? 'nothing')
    throw new FileError({ source }, `${path} is ${shown}; expected ${expected}`)
  }
  if (values === undefined)
    throw new FileError({ source }, "isn't a mapping; pass values of akv-injector's chart")
  const sync = objectAt(values, 'sync')
  const namespace = values['namespaceOverride']
  const { watch } = sync
  const isWatchMode = (mode: unknown): mode is WatchMode => watchModes.some((one) => one === mode)
  if (watch !== undefined && !isWatchMode(watch))
    refuse('sync.watch', watch, watchModes.join(' or '))
  return {
    accounts: accountsIn(sync['namespaces'] ?? {}, refuse),
    ...(typeof namespace === 'string' && isName(namespace, labelName) && { namespace }),
    ...(isWatchMode(watch) && { watch }),
    classes: sync['classes'] === true,
    externalSecrets: sync['externalSecrets'] === true,
  }
}

type Refuse = (path: string, found: unknown, expected: string) => never

/** As in the chart, `null` instead of a namespace or a list removes what other values set. */
function accountsIn(namespaces: unknown, refuse: Refuse): readonly NamedAccount[] {
  if (!isObject(namespaces)) return refuse('sync.namespaces', namespaces, 'a mapping of namespaces')
  return Object.entries(namespaces).flatMap(([namespace, settings]) => {
    if (!isName(namespace, labelName))
      refuse('a key of sync.namespaces', namespace, labelName.sentence)
    const path = `sync.namespaces.${namespace}`
    if (settings !== null && !isObject(settings)) refuse(path, settings, 'a mapping')
    const listed = valueAt(settings, 'serviceAccounts') ?? []
    const names: readonly unknown[] = Array.isArray(listed)
      ? listed
      : refuse(`${path}.serviceAccounts`, listed, 'a list of names')
    return names.map((account) =>
      typeof account === 'string' && isName(account, subdomainName)
        ? { namespace, account }
        : refuse(`an entry of ${path}.serviceAccounts`, account, subdomainName.sentence),
    )
  })
}

/** The error for values that enable no account. */
export const noAccounts = (source: string): FileError =>
  new FileError(
    { source },
    `lists no serviceAccounts under sync.namespaces; pass the values of akv-injector's chart that list them, or the manifests of the accounts`,
  )
