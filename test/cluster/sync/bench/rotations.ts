import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { Placed } from './fleet.ts'

/** Rotates the first object of each of these Secrets at a random time, and returns how long each took to reach its Secret. */
export async function measureRotations(
  placed: readonly Placed[],
  options: {
    readonly cluster: Cluster
    readonly controlUrl: string
    /** The period that contains the random times. */
    readonly spreadMs: number
  },
): Promise<readonly number[]> {
  return await Promise.all(
    placed.map(async (secret) => {
      await delay(Math.random() * options.spreadMs)
      return await measureRotation(secret, options)
    }),
  )
}

async function measureRotation(
  { namespace, secret, vault, object }: Placed,
  { cluster, controlUrl }: { readonly cluster: Cluster; readonly controlUrl: string },
): Promise<number> {
  const value = `rotated ${object} ${Math.random()}`
  const answer = await fetch(`${controlUrl}/rotate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ vault, name: object, value }),
  })
  if (!answer.ok) throw new Error(`the emulator answers ${answer.status} to a rotation`)
  const startedAtMs = performance.now()
  const metadata = { namespace, name: secret }
  for (;;) {
    const { body } = expectSuccess(
      await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata }),
    )
    const { 'key-0': found = '' } = body['data'] as Readonly<Record<string, string>>
    if (Buffer.from(found, 'base64').toString() === value) return performance.now() - startedAtMs
    await delay(500)
  }
}
