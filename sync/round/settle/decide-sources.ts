import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import type { SeenStatus } from '../../../requests/external-secret/seen-external-secret.ts'
import {
  type SourceKind,
  type SourceRef,
  sourceKey,
  sourceTitle,
} from '../../../requests/secret/source-ref.ts'
import type { RecordedOrigin, RecordedSecrets } from '../../plan/record.ts'

/** What becomes of a recorded Secret that isn't requested. */
export type SourceDecision =
  | { readonly kind: 'delete' }
  /** It stays as it is: its source has a mistake, or we can't know yet. */
  | { readonly kind: 'keep' }
  /** Its source has gone. It is deleted after this time, unless the source returns. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** It stays as it is, because the kind of its source has gone. A person has to decide. */
  | { readonly kind: 'held'; readonly error: AkvError }

/** What is known of a source that requested a Secret. */
export type SourceState =
  /** The sources haven't been listed yet. */
  | { readonly kind: 'unknown' }
  /** The controller isn't set up to read this kind. */
  | { readonly kind: 'unread' }
  /** It exists, and can't be synced because of a mistake. */
  | { readonly kind: 'wrong' }
  /** It exists. What it requests is known. */
  | { readonly kind: 'present' }
  | { readonly kind: 'gone'; readonly sinceMs: number }

export interface KnownSources {
  /** As the sources were assigned when the round began. */
  stateOf(source: SourceRef): SourceState
  /** The status of an ExternalSecret that is ours to keep. Undefined for anything else. */
  statusOf(source: SourceRef): SeenStatus | undefined
  /** Asks the API server whether it serves this kind, and isn't about to remove it. Throws AkvError. */
  serves(kind: SourceKind): Promise<boolean>
}

/** For a controller that reads no sources. */
export const noKnownSources: KnownSources = {
  stateOf: () => ({ kind: 'unread' }),
  statusOf: () => undefined,
  serves: async () => false,
}

/** A source that goes may return: `kubectl replace --force` deletes and creates, and so do some GitOps tools. */
const graceMs = 60_000

/**
 * Decides what becomes of the recorded Secrets that an account doesn't request. The Secret of a source that is gone is only
 * deleted if the API server still serves its kind: whoever uninstalls a CRD doesn't mean to delete Secrets.
 *
 * @param options - `request`: absent if the account requests nothing
 */
export async function decideSources(
  recorded: RecordedSecrets,
  options: {
    readonly request: SyncRequest | undefined
    readonly sources: KnownSources
    readonly nowMs: number
  },
): Promise<ReadonlyMap<string, SourceDecision>> {
  const { request, sources } = options
  const requested = new Set(request?.secrets.map(({ name }) => name))
  const wrong = new Set(request?.mistakes.map(({ source }) => source && sourceKey(source)))
  const served = new Map<SourceKind, Promise<boolean | undefined>>()
  const serves = (kind: SourceKind) => {
    const answer = served.get(kind) ?? sources.serves(kind).catch(() => undefined)
    served.set(kind, answer)
    return answer
  }
  const decisions = new Map<string, SourceDecision>()
  for (const [name, origin] of recorded) {
    if (requested.has(name)) continue
    const { source } = origin
    // The annotation with a mistake has no source.
    const decision: SourceDecision = wrong.has(source && sourceKey(source))
      ? { kind: 'keep' }
      : await decisionOf(name, { ...origin, ...options, serves })
    decisions.set(name, decision)
  }
  return decisions
}

async function decisionOf(
  name: string,
  {
    source,
    isHeld,
    sources,
    nowMs,
    serves,
  }: RecordedOrigin & {
    readonly sources: KnownSources
    readonly nowMs: number
    /** Undefined if the API server didn't say. */
    readonly serves: (kind: SourceKind) => Promise<boolean | undefined>
  },
): Promise<SourceDecision> {
  if (source === undefined) return { kind: 'delete' }
  const state = sources.stateOf(source)
  const held = (why: string): SourceDecision => ({
    kind: 'held',
    error: heldError(name, { source, why }),
  })
  switch (state.kind) {
    case 'unknown':
    case 'wrong':
      return { kind: 'keep' }
    case 'present':
      return { kind: 'delete' }
    case 'unread':
      return held(
        `the controller does not read this kind, because ${chartValues[source.kind]} of the chart is off`,
      )
    case 'gone': {
      if (isHeld) return held('the kind was gone from the cluster for a while')
      const isServed = await serves(source.kind)
      if (isServed === undefined) return { kind: 'wait', waitMs: graceMs }
      if (!isServed) return held('this cluster no longer has this kind')
      const waitMs = state.sinceMs + graceMs - nowMs
      return waitMs > 0 ? { kind: 'wait', waitMs } : { kind: 'delete' }
    }
    default:
      return state satisfies never
  }
}

/** What turns on the reading of a kind. */
const chartValues: Readonly<Record<SourceKind, string>> = {
  SecretProviderClass: 'sync.classes',
  ExternalSecret: 'sync.externalSecrets',
}

const heldError = (
  name: string,
  { source, why }: { readonly source: SourceRef; readonly why: string },
): AkvError =>
  new AkvError(
    'AKV_SYNC_ORPHANED',
    `Secret ${name} came from ${sourceTitle(source)} and stays as it is: ${why}; apply the source again, or delete the Secret`,
  )
