import { setMaxListeners } from 'node:events'
import type { Caller } from '../../lib/fair/fair-queue.ts'
import type { LookedUp, LookedUpKind, Lookup } from '../../requests/class/looked-up.ts'
import { pruneClass } from '../../requests/class/prune-class.ts'
import { accountNeeded, classesNeeded } from '../core/csi/needed-objects.ts'
import type { AdmissionRequest } from '../core/model/admission-review.ts'
import { createByteBudget, type Share } from '../sharing/byte-budget.ts'
import { type GetObject, timeIsUp } from './get-object.ts'
import { keepLists } from './keep-lists.ts'
import { shareRequests } from './share-requests.ts'

/** Whose review it is, and how large, because memory is held while the review waits. */
interface WaitingReview {
  readonly caller: Caller
  readonly bodyBytes: number
}

/** Looks up what a review needs. Never rejects. */
export type LookUp = (request: AdmissionRequest, review: WaitingReview) => Promise<LookedUp>

export const classResults = ['found', 'absent', 'forbidden', 'failed'] as const
export type ClassResult = (typeof classResults)[number]

interface LookUpOptions {
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
 * What all objects of a review may have together, as JSON. The lists of a pod may have 32 KiB together, and a class holds its
 * list up to three times, with what `kubectl apply` and the API server keep of it.
 */
const maxReviewBytes = 1024 * 1024

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

/**
 * Looks up the classes of a review side by side, and then its ServiceAccount, if it is needed. No object is cached. What has
 * been read of an object list is kept, because the pods of a Deployment all have the same.
 */
export function createLookUp(options: LookUpOptions): LookUp {
  const { get, countLookup, elapsedMs, callAfter = callAfterTimer } = options
  const budget = createByteBudget({ maxBytes: budgetBytes, elapsedMs })
  // An address doesn't wait for the requests of another, which may have many in the queue.
  const getShared = shareRequests(get, ({ path, caller }) => `${caller.address} ${path}`)
  const readFiles = keepLists()

  return async (request, { caller, bodyBytes }) => {
    const names = classesNeeded(request)
    if (names.length === 0) return { classes: new Map() }

    const bytes = Math.max(names.length * objectBytes, parsedBytes(bodyBytes))
    const waiting = startWaiting({
      takeShare: (end) => budget.take({ caller, bytes, end }),
      callAfter,
    })
    const lookUpOne = async (kind: LookedUpKind, name: string): Promise<Lookup> => {
      if (waiting.signal.aborted) return waiting.ended()
      const path = pathOf(kind, { namespace: request.namespace, name })
      const read = kind === 'SecretProviderClass' ? pruneClass : undefined
      const got = await getShared({ path, name, caller, ...(read && { read }) }, waiting.signal)
      if (got !== undefined) waiting.count(got.bytes)
      return waiting.signal.aborted || got === undefined ? waiting.ended() : got.lookup
    }
    try {
      const lookups = await Promise.all(
        names.map(async (name) => [name, await lookUpOne('SecretProviderClass', name)] as const),
      )
      const classes = new Map(lookups)
      for (const lookup of classes.values()) countLookup(resultOf(lookup))
      const account = accountNeeded(request, classes)
      return {
        classes,
        ...(account !== undefined && { account: await lookUpOne('ServiceAccount', account) }),
        readFiles,
      }
    } finally {
      waiting.release()
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
  const end = (because: Lookup) => {
    ended = because
    ending.abort()
  }
  let bytes = 0
  const share = takeShare(() => end(tooMany))
  if (share === undefined) end(tooMany)
  const stopTimer = callAfter(timeoutMs, () => ending.abort(timeIsUp))
  return {
    /** Aborted when the review may not wait any longer. */
    signal: ending.signal,
    /** The result of look-ups that aren't finished when the signal is aborted. */
    ended: () => ended,
    /** Counts the bytes of an object that was read. */
    count(objectBytes: number) {
      bytes += objectBytes
      if (bytes > maxReviewBytes && !ending.signal.aborted) end(tooLarge)
    },
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
    'AKV_INJECTOR_CSI is none in this webhook; if the administrator has just changed csi.namespaces, try again',
}
const timedOut: Lookup = { kind: 'timed-out', seconds: timeoutMs / 1000 }
const tooLarge: Lookup = {
  kind: 'failed',
  reason: `the SecretProviderClasses of the pod have more than ${maxReviewBytes} bytes together; shorten them, or use fewer`,
}
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
    case 'unclear':
      return 'failed'
    default:
      return kind satisfies never
  }
}
