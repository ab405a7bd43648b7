import { lookup } from 'node:dns/promises'
import { setTimeout as delay } from 'node:timers/promises'

const timeoutMs = 2_000
/** More would make a message long. */
const maxAddresses = 3
let isBusy = false

/**
 * The addresses that a name has here, in order, for a message. Empty if the name can't be resolved in time, or while another
 * one is resolved: a look-up takes one of the process's few threads for as long as a DNS server doesn't answer, and the
 * connections to everybody's vaults need them.
 */
export async function resolveHost(host: string): Promise<readonly string[]> {
  if (isBusy) return []
  isBusy = true
  const found = lookup(host, { all: true })
    .catch(() => [])
    .finally(() => {
      isBusy = false
    })
  const addresses = await Promise.race([found, delay(timeoutMs, [], { ref: false })])
  return addresses
    .map(({ address }) => address)
    .toSorted()
    .slice(0, maxAddresses)
}
