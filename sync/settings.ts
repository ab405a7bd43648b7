import { readFileSync } from 'node:fs'
import { describeProblem } from '../lib/describe-problem.ts'
import { type ListenAddress, parseListenAddress, wrongAddress } from '../lib/listen-address.ts'
import type { LogLevel } from '../lib/log-level.ts'
import { isName, labelName, subdomainName } from '../lib/name-rules.ts'
import { printable } from '../lib/printable.ts'
import type { Policy } from '../webhook/core/policy.ts'
import { readSettings } from '../webhook/settings/read-settings.ts'

/** As the flags of `akv-injector sync` are written. */
export interface SyncFlags {
  readonly serviceAccounts: string
  readonly healthListen: string
}

export interface SyncSettings {
  /** The accounts to act for, by namespace: those that the chart has written the rights for. */
  readonly accounts: ReadonlyMap<string, ReadonlySet<string>>
  readonly healthListen: ListenAddress
  readonly policy: Policy
  readonly logLevel: LogLevel
}

const form = 'expected NAMESPACE=NAME+NAME, several of them with ";" between'

/** Checks the flags and the `AKV_INJECTOR_*` variables, and tells all that is wrong at once. */
export function readSyncSettings(
  flags: SyncFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): { readonly settings: SyncSettings } | { readonly problems: readonly string[] } {
  const accounts = parseAccounts(flags.serviceAccounts)
  const healthListen = parseListenAddress(flags.healthListen)
  // No pod is made here: the image of the agent is nobody's business.
  const read = readSettings({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    agentImage: 'akv-injector',
  })
  const problems = [
    ...accounts.problems,
    ...(healthListen ? [] : [wrongAddress('--health-listen', flags.healthListen)]),
    ...('problems' in read ? read.problems.map(describeProblem) : []),
  ]
  if ('problems' in read || healthListen === undefined || problems.length > 0) return { problems }
  const { policy, logLevel } = read.settings
  return { settings: { accounts: accounts.accounts, healthListen, policy, logLevel } }
}

/** `team-a=web+api;team-b=web` */
function parseAccounts(text: string) {
  const accounts = new Map<string, ReadonlySet<string>>()
  const problems: string[] = []
  const wrong = (found: string, what: string) =>
    problems.push(`--service-accounts "${printable(found)}": ${what}`)
  const entries = text.split(';').map((entry) => entry.trim())
  for (const entry of entries.filter((entry) => entry !== '')) {
    const [namespace = '', list = '', ...rest] = entry.split('=')
    const names = list.split('+')
    if (rest.length > 0 || !isName(namespace, labelName)) wrong(entry, form)
    else if (!names.every((name) => isName(name, subdomainName))) wrong(entry, form)
    else if (accounts.has(namespace)) wrong(entry, 'the namespace is there twice')
    else accounts.set(namespace, new Set(names))
  }
  if (accounts.size === 0 && problems.length === 0) wrong(text, `names no account; ${form}`)
  return { accounts, problems }
}
