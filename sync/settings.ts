import { readFileSync } from 'node:fs'
import type { LogLevel } from '../lib/log/log-level.ts'
import { isName, labelName, subdomainName } from '../lib/name-rules.ts'
import { printable } from '../lib/printable.ts'
import { allInvalid, type Checked, valid } from '../lib/problems/parsed.ts'
import { describeProblem } from '../lib/problems/problem.ts'
import {
  type ListenAddress,
  parseListenAddress,
  wrongAddress,
} from '../lib/server/listen-address.ts'
import type { Policy } from '../requests/administrator/policy.ts'
import { readSettings } from '../requests/administrator/settings/read-settings.ts'
import type { SourceKind } from '../requests/secret/source-ref.ts'

/** The flags of `akv-injector sync`, unparsed. */
export interface SyncFlags {
  /** `NAMESPACE=NAME+NAME`. Linux bounds an argument to 128 KiB, so each namespace can have its own. */
  readonly serviceAccounts: readonly string[]
  readonly classes?: boolean
  readonly externalSecrets?: boolean
  readonly healthListen: string
}

export interface SyncSettings {
  /** The accounts to act for, by namespace. The chart grants permissions for the same accounts. */
  readonly accounts: ReadonlyMap<string, ReadonlySet<string>>
  /** The kinds of objects to read, besides accounts. The chart grants permissions for them. */
  readonly kinds: readonly SourceKind[]
  readonly healthListen: ListenAddress
  readonly policy: Policy
  readonly logLevel: LogLevel
}

const form = 'expected NAMESPACE=NAME+NAME for each namespace'

/** Checks the flags and the `AKV_INJECTOR_*` variables, and reports all problems at once. */
export function readSyncSettings(
  flags: SyncFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): Checked<SyncSettings> {
  const accounts = parseAccounts(flags.serviceAccounts)
  const healthListen = parseListenAddress(flags.healthListen)
  // The controller injects no pods, so it needs no image for the agent.
  const read = readSettings({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    agentImage: 'akv-injector',
  })
  const problems = [
    ...accounts.problems,
    ...(healthListen ? [] : [wrongAddress('--health-listen', flags.healthListen)]),
    ...(read.kind === 'invalid' ? read.problems.map(describeProblem) : []),
  ]
  if (read.kind === 'invalid' || healthListen === undefined || problems.length > 0)
    return allInvalid(problems)
  const { policy, logLevel } = read.value
  const kinds: readonly SourceKind[] = [
    ...(flags.classes ? (['SecretProviderClass'] as const) : []),
    ...(flags.externalSecrets ? (['ExternalSecret'] as const) : []),
  ]
  return valid({
    accounts: accounts.accounts,
    kinds,
    healthListen,
    policy,
    logLevel,
  })
}

/** `team-a=web+api`, `team-b=web`. One argument can also list several namespaces, with `;` between them. */
function parseAccounts(lists: readonly string[]) {
  const accounts = new Map<string, ReadonlySet<string>>()
  const problems: string[] = []
  const wrong = (found: string, what: string) =>
    problems.push(`--service-accounts "${printable(found)}": ${what}`)
  const entries = lists.flatMap((list) => list.split(';')).map((entry) => entry.trim())
  for (const entry of entries.filter((entry) => entry !== '')) {
    const [namespace = '', list = '', ...rest] = entry.split('=')
    const names = list.split('+')
    if (rest.length > 0 || !isName(namespace, labelName)) wrong(entry, form)
    else if (!names.every((name) => isName(name, subdomainName))) wrong(entry, form)
    else if (accounts.has(namespace)) wrong(entry, 'the namespace is listed twice')
    else accounts.set(namespace, new Set(names))
  }
  if (accounts.size === 0 && problems.length === 0)
    wrong(lists.join(' '), `lists no account; ${form}`)
  return { accounts, problems }
}
