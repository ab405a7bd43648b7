import { lookup } from 'node:dns/promises'
import { setTimeout as delay } from 'node:timers/promises'

const timeoutMs = 2_000
/** More would make a message long. */
const maxAddresses = 3

/** The addresses that a name has here, for a message. Empty if the name can't be resolved in time. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  const none = delay(timeoutMs, [], { ref: false })
  const found = lookup(host, { all: true }).catch(() => [])
  const addresses = await Promise.race([found, none])
  return addresses.slice(0, maxAddresses).map(({ address }) => address)
}
