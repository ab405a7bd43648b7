import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { identityFolder, refreshNowKey } from '../../delivery/contract.ts'
import { requestMark } from '../../delivery/refresh-request.ts'
import type { Clock } from '../../lib/clock.ts'
import { readSmallFile } from '../volume/read-small-file.ts'

/** The API server's limit for all annotations of an object is 256 KiB. */
const maxBytes = 512 * 1024

/**
 * The mark of the text that the pod's annotation has now.
 *
 * @param root - the folder that contains the mounts
 * @returns undefined if the file is missing, because an older webhook injected the pod
 */
export function readRequestMark(root: string): string | undefined {
  const text = readSmallFile(join(root, identityFolder, refreshNowKey), maxBytes)
  return text === undefined ? undefined : requestMark(text)
}

/** An annotation that is removed, or emptied, asks for nothing. The kubelet shows both as an empty file. */
const noRequest = requestMark('')

/** The mark of a request that followed the one with the mark `seen`. Undefined: none did, or the agent can't see requests. */
export function requestAfter(root: string, seen: string | undefined): string | undefined {
  const mark = seen === undefined ? undefined : readRequestMark(root)
  return mark === seen || mark === noRequest ? undefined : mark
}

/** Each event costs a read of the file at most, and this is the shortest time between two. */
const minReadIntervalMs = 1_000

/** How often to look if the kernel can't watch the folder. */
const pollMs = 20_000

/**
 * Resolves with true once the annotation has another text than the one with the mark `seen`, or with false if `signal` aborts
 * before. The kubelet replaces the link `..data` in the folder, which the kernel reports. If the user of the agent has used up its
 * inotify instances (128 by default, 1024 on AKS, shared by all processes of the user on the node), it looks now and then.
 */
export async function awaitRequest(
  root: string,
  options: {
    readonly seen: string
    readonly clock: Pick<Clock, 'sleep'>
    readonly signal: AbortSignal
  },
): Promise<boolean> {
  const { seen, clock, signal } = options
  const folder = watchFolder(join(root, identityFolder), signal)
  try {
    while (!signal.aborted) {
      if (requestAfter(root, seen) !== undefined) return true
      if (folder.isWatched()) await folder.change()
      else await clock.sleep(pollMs, signal)
      await clock.sleep(minReadIntervalMs, signal)
    }
    return false
  } finally {
    folder.close()
  }
}

function watchFolder(path: string, signal: AbortSignal) {
  let changed = Promise.withResolvers<void>()
  const wake = () => changed.resolve()
  let watcher = openWatcher(path)
  const close = () => {
    watcher?.close()
    watcher = undefined
    signal.removeEventListener('abort', wake)
  }
  watcher?.on('change', wake).on('error', () => {
    close()
    wake()
  })
  signal.addEventListener('abort', wake)
  return {
    isWatched: () => watcher !== undefined,
    /** Resolves after a change since the last call, or when `signal` aborts. */
    async change() {
      await changed.promise
      changed = Promise.withResolvers<void>()
    },
    close,
  }
}

function openWatcher(path: string): FSWatcher | undefined {
  try {
    return watch(path)
  } catch {
    return undefined
  }
}

/** A selector may choose a thousand pods, which would otherwise ask their vault at once. */
const spreadMs = 30_000
/** However often the annotation changes, a fetch follows another no sooner than this. */
const minDistanceMs = 30_000

/**
 * How long to wait before a fetch that was asked for now.
 *
 * @param refreshedAtMs - when the last refresh began
 */
export function requestDelayMs(
  refreshedAtMs: number,
  clock: Pick<Clock, 'now' | 'random'>,
): number {
  return Math.max(clock.random() * spreadMs, refreshedAtMs + minDistanceMs - clock.now())
}
