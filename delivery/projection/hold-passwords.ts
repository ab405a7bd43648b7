import type { CpuBudget } from '../../lib/cpu-budget.ts'
import type { Target } from '../destination.ts'
import type { FetchOutcomes } from './fetch-objects.ts'
import { keyStorePassword } from './render/key-store-password.ts'
import { objectKey } from './wanted-objects.ts'

/** A key store that keeps its bytes, because it couldn't be written again. */
interface KeptKeyStore {
  readonly target: Target
  readonly bytes: Uint8Array
}

/**
 * Finds the passwords that have changed while a key store with the old one stays, such as one whose certificate couldn't be fetched.
 * Whatever else is made of such a password has to stay, too: a process that reads both must be able to open the one with the other.
 *
 * @returns their `objectKey`s
 */
export async function heldPasswords(
  kept: readonly KeptKeyStore[],
  { outcomes, budget }: { readonly outcomes: FetchOutcomes; readonly budget: CpuBudget },
): Promise<ReadonlySet<string>> {
  const held = new Set<string>()
  for (const { target, bytes } of kept) {
    const { password } = target
    if (password === undefined) continue
    const key = objectKey(password)
    const outcome = outcomes.get(key)
    if (outcome?.kind !== 'fetched' || held.has(key)) continue
    const text = () => keyStorePassword(outcome.found[0], password)
    if (!(await opens(bytes, text, budget))) held.add(key)
  }
  return held
}

/**
 * Unlike the version that a key store was made of, this is known after a restart, too. False also if the text can't be a password,
 * or if the CPU budget is used up: a password that waits in vain does less harm than one that opens nothing.
 */
async function opens(bytes: Uint8Array, text: () => string, budget: CpuBudget): Promise<boolean> {
  const { readPfx } = await import('../../keyvault/formats/pkcs12/pfx.ts')
  try {
    return (await readPfx(bytes, budget, text())).kind === 'valid'
  } catch {
    return false
  }
}
