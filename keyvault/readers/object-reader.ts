import type { Agent } from 'node:https'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { EndedRequest } from '../../lib/metrics/vault-latency.ts'
import { isObject, withoutAbsent } from '../../lib/shape.ts'
import type {
  CallOptions,
  ClientOptions,
  FetchedObject,
  ListedVersion,
  ObjectClient,
  ObjectProperties,
} from '../clients/object-client.ts'
import { type GuardOptions, requestGuard } from '../clients/request-guard.ts'
import type { ServerTime } from '../clients/server-time.ts'
import { type Sender, userAgentOptions } from '../clients/user-agent.ts'
import {
  type Collection,
  collectionOf,
  describeObject,
  isObjectVersion,
  type ObjectReference,
  vaultUrl,
} from '../reference.ts'
import { type SecretPages, secretPages } from './secret-pages.ts'
import { listSubject, objectSubject, withVaultErrors } from './translate-errors.ts'

/** Reads from any vault, without retries. Throws an AkvError. */
export interface ObjectReader {
  /** Reads the version that the reference names, or the newest one. A disabled version is an error for all types. */
  read(reference: ObjectReference, signal?: AbortSignal): Promise<FetchedObject>
  /** Lists all versions, in no particular order. */
  listVersions(reference: ObjectReference, signal?: AbortSignal): Promise<readonly ListedVersion[]>
  /** Lists all secrets of a vault, in no particular order. Whoever iterates bounds the pages: a hostile host's list may be endless. */
  secretPages(vault: string, signal?: AbortSignal): SecretPages
}

/** Measures how long requests take. */
export interface RequestTimer {
  readonly now: () => number
  readonly record: (request: EndedRequest) => void
}

interface ObjectReaderOptions extends Sender {
  /** The administrator's URL template, with `{vault}`. */
  readonly vaultUrl: string
  readonly agent: Agent
  readonly token: () => Promise<string>
  /** Who the token belongs to, for messages: `client 2222…`. */
  readonly principal: string
  /** Absent: messages don't say that our clock is wrong. */
  readonly serverTime?: ServerTime | undefined
  readonly timer?: RequestTimer | undefined
  /** As {@link GuardOptions.onLargeAnswer}. */
  readonly onLargeAnswer?: GuardOptions['onLargeAnswer']
  /** As {@link GuardOptions.onAnswer}. */
  readonly onAnswer?: GuardOptions['onAnswer']
}

/** 5,000 versions. Only a hostile host would answer with an endless list. */
const maxPages = 200

/** Creates a reader with one client for each vault and collection, and one connection pool for all. */
export function createObjectReader(options: ObjectReaderOptions): ObjectReader {
  const clients = new Map<string, Promise<ObjectClient>>()
  const clientOf = (vault: string, collection: Collection) => {
    const key = `${vault}/${collection}`
    const client = clients.get(key) ?? createClient(vault, collection, options)
    clients.set(key, client)
    return client
  }
  const clientFor = (reference: ObjectReference) =>
    clientOf(reference.vault, collectionOf(reference))
  return {
    read: (reference, signal) =>
      withVaultErrors(objectSubject(reference), { ...options, signal }, async () => {
        const client = await clientFor(reference)
        const { object, properties } = await client.get(reference, callOptions(signal))
        if (properties.enabled === false) throw disabled(reference)
        const version = properties.version?.toLowerCase() ?? ''
        // A pinned version is never fetched again, so a wrong answer would stay for ever.
        if (reference.version !== undefined && version !== reference.version)
          throw new AkvError(
            'AKV_BAD_ANSWER',
            `${describeObject(reference)}: vault ${reference.vault} answered with another version`,
          )
        return {
          ...object,
          ...(isObjectVersion(version) && { version }),
          ...datesOf(properties),
          ...tagsOf(properties),
        }
      }),
    listVersions: (reference, signal) =>
      withVaultErrors(objectSubject(reference), { ...options, signal }, async () => {
        const client = await clientFor(reference)
        return collect(client.versionPages(reference.name, callOptions(signal)))
      }),
    secretPages: (vault, signal) =>
      secretPages(
        async () => {
          const client = await clientOf(vault, 'secrets')
          if (client.secretPages === undefined) throw new TypeError('a client without a list')
          return client.secretPages(callOptions(signal))
        },
        (call) => withVaultErrors(listSubject(vault), { ...options, signal }, call),
      ),
  }
}

/** Each SDK is loaded on first use, because most callers need one of them. */
const clientModules = {
  secrets: () => import('../clients/secrets.ts'),
  keys: () => import('../clients/keys.ts'),
  certificates: () => import('../clients/certificates.ts'),
}

/** Loads the SDK for these objects before its first use. If that fails, the first read throws the error. */
export function loadClient(collection: Collection): void {
  clientModules[collection]().catch(() => undefined)
}

async function createClient(
  vault: string,
  collection: Collection,
  readerOptions: ObjectReaderOptions,
): Promise<ObjectClient> {
  const { vaultUrl: template, agent, token, serverTime, timer } = readerOptions
  const { onLargeAnswer, onAnswer } = readerOptions
  const base = vaultUrl(template, vault)
  const onSend = timer && timed(vault, timer)
  const options: ClientOptions = {
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    agent,
    userAgentOptions: userAgentOptions(readerOptions),
    additionalPolicies: [
      requestGuard({ base, token, serverTime, onLargeAnswer, onAnswer, ...(onSend && { onSend }) }),
    ],
  }
  switch (collection) {
    case 'secrets':
      return (await clientModules.secrets()).secretObjects(base, options)
    case 'keys':
      return (await clientModules.keys()).keyObjects(base, options)
    case 'certificates':
      return (await clientModules.certificates()).certificateObjects(base, options)
    default:
      return collection satisfies never
  }
}

function timed(vault: string, { now, record }: RequestTimer) {
  return () => {
    const sentAtMs = now()
    return (outcome: EndedRequest['outcome']) => record({ vault, outcome, ms: now() - sentAtMs })
  }
}

async function collect(
  pages: AsyncIterable<readonly ObjectProperties[]>,
): Promise<readonly ListedVersion[]> {
  const versions: ListedVersion[] = []
  let count = 0
  for await (const page of pages) {
    if (++count > maxPages) throw new RangeError('the list does not end')
    for (const { version = '', enabled, createdOn } of page)
      if (isObjectVersion(version))
        versions.push({
          version: version.toLowerCase(),
          isEnabled: enabled !== false,
          createdAtMs: createdOn?.getTime() ?? 0,
        })
  }
  return versions
}

const datesOf = ({ createdOn, expiresOn, updatedOn, notBefore }: ObjectProperties) =>
  withoutAbsent({
    createdAtMs: timeOf(createdOn),
    expiresAtMs: timeOf(expiresOn),
    updatedAtMs: timeOf(updatedOn),
    notBeforeAtMs: timeOf(notBefore),
  })

/** Tags are texts. A vault's answer may contain anything. */
function tagsOf({ tags }: ObjectProperties): Pick<FetchedObject, 'tags'> {
  const texts = Object.entries(isObject(tags) ? tags : {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name.toWellFormed(), value.toWellFormed()] as const] : [],
  )
  return texts.length === 0 ? {} : { tags: Object.fromEntries(texts) }
}

/** The answer is untrusted, so the SDK may have made an invalid date of it. */
function timeOf(date: Date | undefined): number | undefined {
  const ms = date?.getTime() ?? Number.NaN
  return Number.isFinite(ms) ? ms : undefined
}

/** A vault refuses to hand out a disabled secret, but not the public halves of disabled keys and certificates. */
const disabled = (reference: ObjectReference): AkvError =>
  new AkvError('AKV_OBJECT_DISABLED', `${describeObject(reference)}: it is disabled`)

const callOptions = (signal: AbortSignal | undefined): CallOptions =>
  signal === undefined ? {} : { abortSignal: signal }
