import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Texts } from './memory-cluster.ts'

interface Pod {
  served: X509Certificate | undefined
  /** The Secret's state that it has seen last, and the one that is on its way. */
  seen: Texts | undefined
  coming: { readonly texts: Texts | undefined; readonly atMs: number } | undefined
}

/**
 * Two pods of the webhook, which get the Secret's state late and serve the last usable certificate.
 *
 * @param delays - after how many seconds a kubelet hands out a changed Secret, one after the other
 */
export function createPods(delays: Iterator<number>) {
  const pods: Pod[] = [newPod(), newPod()]
  return {
    served: () => pods.map(({ served }) => served),
    /** Hands out what has arrived, and sends on its way what has changed. */
    mount(leaf: Texts | undefined, now: number): void {
      for (const pod of pods) {
        if (pod.coming && pod.coming.atMs <= now) {
          pod.seen = pod.coming.texts
          pod.served = usable(pod.seen) ?? pod.served
          pod.coming = undefined
        }
        if (pod.seen !== leaf && pod.coming === undefined)
          pod.coming = { texts: leaf, atMs: now + 1000 * (delays.next().value ?? 120) }
      }
    },
    /** Replaces the older pod by one that starts with this state of the Secret. */
    restart(leaf: Texts | undefined): void {
      pods.push({ ...newPod(), served: usable(leaf), seen: leaf })
      pods.shift()
    },
  }
}

const newPod = (): Pod => ({ served: undefined, seen: undefined, coming: undefined })

/** What the webhook would take from the folder: a whole pair, or nothing. */
function usable(texts: Texts | undefined): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(texts?.['tls.crt'] ?? '')
    const key = createPrivateKey(texts?.['tls.key'] ?? '')
    return certificate.checkPrivateKey(key) ? certificate : undefined
  } catch {
    return undefined
  }
}
