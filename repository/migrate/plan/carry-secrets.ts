import { isSeq, parseDocument } from 'yaml'
import { destinationKey, type SecretValue } from '../../../delivery/destination.ts'
import { joinProblems } from '../../../lib/problems/problem.ts'
import { type JsonObject, scalarText } from '../../../lib/shape.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import type { Source } from '../../../requests/source/source.ts'
import { type SecretItem, secretItemOf } from './secret-item-of.ts'

/** An account, and its annotations so far. */
interface AccountAnnotations {
  readonly namespace: string
  readonly name: string
  readonly annotations: JsonObject
}

type Carried =
  | {
      readonly kind: 'carried'
      readonly annotations: JsonObject
    }
  | { readonly kind: 'not-carried'; readonly reason: string }

/**
 * Adds the Secrets of a source to the annotations of an account.
 *
 * @returns annotations that request these Secrets, and everything that the account requested before
 */
export function carrySecrets(source: Source, account: AccountAnnotations, policy: Policy): Carried {
  const notCarried = (reason: string): Carried => ({ kind: 'not-carried', reason })
  const before = readOnce(account, policy)
  if (before.kind === 'off' || before.kind === 'refused')
    return notCarried(`ServiceAccount ${account.name} is not synced`)
  const items = source.secrets.map((secret) => secretItemOf(secret, source.values))
  const wrong = items.find((item) => item.kind === 'none')
  if (wrong?.kind === 'none') return notCarried(wrong.reason)

  const merged = mergeSettings(account.annotations, {
    // Only for a class: the entries of an ExternalSecret name their vaults.
    ...(source.ref.kind === 'SecretProviderClass' && { vault: source.values[0]?.object.vault }),
    'client-id': source.hints.clientId,
    'tenant-id': source.tenantId,
    'identity-binding': source.usesBinding ? 'true' : undefined,
  })
  if ('different' in merged)
    return notCarried(`ServiceAccount ${account.name} has another ${merged.different}`)
  const sync = appendItems(account.annotations[syncAnnotation], items)
  if (sync === undefined) return notCarried(`${syncAnnotation} is not a list`)
  const requested = { ...account.annotations, ...merged.added, [syncAnnotation]: sync }
  const refresh = refreshOf(source, { account, requested, policy })
  const annotations = refresh === undefined ? requested : { ...requested, ...refresh }

  const after = readOnce({ ...account, annotations }, policy)
  if (after.kind === 'refused') return notCarried(joinProblems(after.problems))
  const has = after.kind === 'wanted' ? after.config.files : []
  const needed = [...(before.kind === 'wanted' ? before.config.files : []), ...source.values]
  const known = new Set(has.map(comparable))
  return needed.every((file) => known.has(comparable(file)))
    ? { kind: 'carried', annotations }
    : notCarried('annotations would give its Secrets other values')
}

/**
 * Returns the annotation `refresh` that the account needs with the source: it refreshes all of its Secrets at the same
 * interval, so the shortest one counts.
 *
 * @param options - `account`: the account before the Secrets are added; `requested`: what it requests with them
 */
function refreshOf(
  { schedule }: Source,
  {
    account,
    requested,
    policy,
  }: {
    readonly account: AccountAnnotations
    readonly requested: JsonObject
    readonly policy: Policy
  },
): JsonObject | undefined {
  const { annotations } = account
  const request = readOnce({ ...account, annotations: requested }, policy)
  if (request.kind !== 'wanted' || schedule === undefined) return undefined
  const refreshSeconds = schedule.intervalSeconds
  const isFirst =
    annotations[syncAnnotation] === undefined && annotations[refreshAnnotation] === undefined
  const current = request.config.refreshSeconds
  const isNeeded = isFirst ? refreshSeconds !== current : refreshSeconds < current
  return isNeeded ? { [refreshAnnotation]: `${refreshSeconds}s` } : undefined
}

const requests = new WeakMap<JsonObject, ReturnType<typeof readAccount>>()

/**
 * Reads what annotations request. Caches the last result, because the annotations after one source are those before the
 * next, and may be long.
 */
function readOnce(account: AccountAnnotations, policy: Policy): ReturnType<typeof readAccount> {
  const request = requests.get(account.annotations) ?? readAccount(account, policy)
  requests.set(account.annotations, request)
  return request
}

const refreshAnnotation = `${annotationPrefix}refresh`
const syncAnnotation = `${annotationPrefix}sync`

/** Adds settings that the account doesn't have yet. Returns a setting that differs, if there is one. */
function mergeSettings(
  annotations: JsonObject,
  settings: Readonly<Record<string, string | undefined>>,
): { readonly added: JsonObject } | { readonly different: string } {
  const added: Record<string, string> = {}
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined) continue
    const annotated = annotations[annotationPrefix + key]
    const found = annotated ?? annotations[`azure.workload.identity/${key}`]
    if (found === undefined) added[annotationPrefix + key] = value
    else if (scalarText(found).toLowerCase() !== value) return { different: key }
  }
  return { added }
}

/** Appends items to the text of `akv-injector.io/sync`, whose comments and spelling stay. */
function appendItems(text: unknown, items: readonly SecretItem[]): string | undefined {
  const list = parseDocument(typeof text === 'string' ? text : '[]')
  if (!isSeq(list.contents)) return undefined
  if (text === undefined) list.contents.flow = false
  for (const item of items)
    if (item.kind === 'item') list.contents.items.push(list.createNode(item.item) as never)
  return list.toString({ lineWidth: 0 })
}

/** Writes everything that determines the bytes of a key as text, for comparison. */
const comparable = ({ to, object, format, encoding, property, password }: SecretValue): string => {
  const { vault, type, name, version } = object
  return JSON.stringify([
    destinationKey(to),
    vault,
    type,
    name,
    version,
    format,
    encoding,
    property,
    password,
  ])
}
