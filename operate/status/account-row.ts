import { listNames } from '../../lib/list-names.ts'
import type { SecretLine } from '../../requests/account/sync-status.ts'
import { unversionedName } from '../../requests/secret/object-versions.ts'
import type { SyncedAccount } from '../cluster/sync/synced-account.ts'
import { distinctFailures, failureOf, type StatusRow } from './status-row.ts'

type FailingLine = SecretLine & { readonly state: 'failing' }
const isFailingLine = (line: SecretLine): line is FailingLine =>
  line.state === 'failing' && line.code !== waitingCode
/** The controller's code for a Secret that has to wait for something that isn't an error. */
const waitingCode = 'waiting'

/** Makes the row of an account from what its status says about its Secrets. */
export function accountRow({ namespace, name, asked, status }: SyncedAccount): StatusRow {
  const held = status?.secrets.flatMap(({ objects }) => objects ?? []) ?? []
  const names = [...asked, ...held].map(unversionedName)
  const row = {
    kind: 'ServiceAccount',
    namespace,
    name,
    vaults: vaultsOf([...asked, ...held]),
    objects: new Set(names).size,
    olderVariables: [],
    failures: [],
  } as const
  if (status === undefined)
    return {
      ...row,
      state: 'unknown',
      why: 'Secret sync has written no status; is it on, and the account enabled by a Role?',
    }
  return { ...row, ...linesPart(status.secrets, row.vaults), ...moreSecrets(status.leftOut) }
}

const moreSecrets = (leftOut: number) =>
  leftOut > 0 ? { why: `its status leaves out ${leftOut} Secrets` } : {}

/**
 * Makes the row of a SecretProviderClass, if the statuses of its namespace's accounts name the class or its Secrets.
 */
export function classRow(
  {
    namespace,
    name,
    claims,
  }: { readonly namespace: string; readonly name: string; readonly claims: readonly string[] },
  accounts: readonly SyncedAccount[],
): StatusRow | undefined {
  const names = new Set([`SecretProviderClass/${name}`, ...claims])
  const lines = accounts
    .filter((account) => account.namespace === namespace)
    .flatMap(({ status }) => status?.secrets.filter((line) => names.has(line.name)) ?? [])
  if (lines.length === 0) return undefined
  const objects = lines.flatMap((line) => line.objects ?? [])
  const vaults = vaultsOf(objects)
  return {
    kind: 'SecretProviderClass',
    namespace,
    name,
    vaults,
    objects: objects.length,
    olderVariables: [],
    ...linesPart(lines, vaults),
  }
}

function linesPart(
  lines: readonly SecretLine[],
  vaults: readonly string[],
): Pick<StatusRow, 'state' | 'failures'> & Partial<StatusRow> {
  const failing = lines.filter(isFailingLine)
  const [first] = failing
  if (first === undefined) {
    const waiting = lines.filter(({ state }) => state === 'failing')
    return waiting.length === 0
      ? { state: 'fresh', failures: [] }
      : { state: 'starting', why: `waiting: ${namesOf(waiting)}`, failures: [] }
  }
  const failures = failing.flatMap(({ code, objects }) =>
    failureOf(code, objects === undefined ? vaults : vaultsOf(objects)),
  )
  return {
    state: 'stale',
    code: first.code,
    sinceMs: Math.min(...failing.map(({ sinceMs }) => sinceMs)),
    why: namesOf(failing),
    failures: distinctFailures(failures),
  }
}

const namesOf = (lines: readonly SecretLine[]): string =>
  listNames(
    lines.map(({ name }) => {
      if (name === '') return 'its annotations'
      return name.includes('/') ? name : `Secret/${name}`
    }),
  )

const vaultsOf = (objects: readonly { readonly vault: string }[]): readonly string[] =>
  [...new Set(objects.map(({ vault }) => vault))].toSorted()
