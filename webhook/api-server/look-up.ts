import { setMaxListeners } from 'node:events'
import { createByteBudget, type Share } from '../body/byte-budget.ts'
import type { AdmissionRequest } from '../core/admission-review.ts'
import type { LookedUp, LookedUpKind, Lookup } from '../core/csi/looked-up.ts'
import { accountNeeded, classesNeeded } from '../core/csi/needed-objects.ts'
import { pruneClass } from '../core/csi/prune-class.ts'
import type { GetObject } from './get-object.ts'
import { shareRequests } from './share-requests.ts'

/** Whoever sent a review, for whom memory is held while the review waits. */
export interface Caller {
  readonly address: string
  /** The size of the review. */
  readonly bodyBytes: number
}

/** Looks up what a review needs. Never rejects. */
export type LookUp = (request: AdmissionRequest, caller: Caller) => Promise<LookedUp>

export const classResults = ['found', 'absent', 'forbidden', 'failed'] as const
export type ClassResult = (typeof classResults)[number]

export interface LookUpOptions {
  readonly get: GetObject
  readonly countLookup: (result: ClassResult) => void
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
  /** Calls back after this many milliseconds, unless what it returns is called before. Default: a timer. */
  readonly callAfter?: (ms: number, callback: () => void) => () => void
}

/** How long a review waits for all objects together. The API server gives a webhook five seconds. */
const timeoutMs = 2_000

/**
 * All waiting reviews share this much memory. A slow API server can then hold up 512 reviews of 4 KB; of others, the
 * address that holds the most loses first.
 */
const budgetBytes = 48 * 1024 * 1024
/** What an object may take. */
const objectBytes = 64 * 1024
/** `{},` becomes an object of 56 bytes, but a body has a bounded number of values. */
const parsedBytes = (bodyBytes: number): number =>
  Math.min(bodyBytes * 24, bodyBytes * 4 + 13 * 1024 * 1024)

/** Looks up the classes of a review side by side, and then its ServiceAccount, if it is needed. Caches nothing. */
export function createLookUp(options: LookUpOptions): LookUp {
  const { get, countLookup, elapsedMs, callAfter = callAfterTimer } = options
  const budget = createByteBudget({ maxBytes: budgetBytes, elapsedMs })
  const getShared = shareRequests(async (path, signal) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const lookup = await get({ path, name }, signal)
    return path.startsWith(classRoot) && lookup.kind === 'found'
      ? pruneClass(lookup.object)
      : lookup
  })

  return async (request, { address, bodyBytes }) => {
    const names = classesNeeded(request)
    if (names.length === 0) return { classes: new Map() }

    const bytes = Math.max(names.length * objectBytes, parsedBytes(bodyBytes))
    const { signal, ended, release } = startWaiting({
      takeShare: (end) => budget.take({ address, bytes, end }),
      callAfter,
    })
    const lookUpOne = async (kind: LookedUpKind, name: string): Promise<Lookup> => {
      if (signal.aborted) return ended()
      const path = pathOf(kind, { namespace: request.namespace, name })
      return (await getShared(path, signal)) ?? ended()
    }
    try {
      const lookups = await Promise.all(
        names.map(async (name) => [name, await lookUpOne('SecretProviderClass', name)] as const),
      )
      const classes = new Map(lookups)
      for (const lookup of classes.values()) countLookup(resultOf(lookup))
      const account = accountNeeded(request, classes)
      return account === undefined
        ? { classes }
        : { classes, account: await lookUpOne('ServiceAccount', account) }
    } finally {
      release()
    }
  }
}

/** Bounds how long a review waits, and holds its share of the budget until `release`. */
function startWaiting({
  takeShare,
  callAfter,
}: {
  /** Gives undefined if there is too little memory; `end` is called if another caller gets the share. */
  readonly takeShare: (end: () => void) => Share | undefined
  readonly callAfter: NonNullable<LookUpOptions['callAfter']>
}) {
  const ending = new AbortController()
  // Node takes more than ten listeners, one for each class here, for a leak, and prints a warning.
  setMaxListeners(0, ending.signal)
  let ended: Lookup = timedOut
  const end = () => {
    ended = tooMany
    ending.abort()
  }
  const share = takeShare(end)
  if (share === undefined) end()
  const stopTimer = callAfter(timeoutMs, () => ending.abort())
  return {
    /** Aborted when the review may not wait any longer. */
    signal: ending.signal,
    /** The result of look-ups that aren't finished when the signal is aborted. */
    ended: () => ended,
    release() {
      stopTimer()
      share?.release()
    },
  }
}

/** For a webhook that may not read classes: a pod that needs one is denied. */
export const refuseLookUps: LookUp = async (request) => ({
  classes: new Map(classesNeeded(request).map((name) => [name, turnedOff])),
})

const turnedOff: Lookup = {
  kind: 'failed',
  reason:
    'AKV_INJECTOR_CSI is none in this webhook; if the operator has just changed csi.namespaces, try again',
}
const timedOut: Lookup = { kind: 'timed-out', seconds: timeoutMs / 1000 }
const tooMany: Lookup = { kind: 'failed', reason: 'too many look-ups are under way; try again' }

function callAfterTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}

const classRoot = '/apis/secrets-store.csi.x-k8s.io/v1/'

/** Both names are valid names of Kubernetes, so nothing in them has a meaning in a URL. */
function pathOf(
  kind: LookedUpKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return kind === 'SecretProviderClass'
    ? `${classRoot}namespaces/${namespace}/secretproviderclasses/${name}`
    : `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
}

function resultOf({ kind }: Lookup): ClassResult {
  switch (kind) {
    case 'found':
    case 'forbidden':
      return kind
    case 'absent':
    case 'no-kind':
      return 'absent'
    case 'timed-out':
    case 'failed':
    case 'not-in-files':
      return 'failed'
    default:
      return kind satisfies never
  }
}
