import { createHmac, randomBytes } from 'node:crypto'
import type { FetchedObject } from '../../../keyvault/clients/object-client.ts'
import type { VaultToken } from '../../../keyvault/entra/sign-in.ts'
import { toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Account } from '../../../requests/account/account.ts'
import { identityConfig } from '../../../requests/annotations/agent-config.ts'
import { readAzureIdentity } from '../../../requests/annotations/azure-identity.ts'
import { changedAtAnnotation } from '../../../requests/secret/names.ts'
import { accountSignIn } from '../../fetch/account-sign-in.ts'
import { skipUnresponsiveVaults } from '../../fetch/skip-unresponsive-vaults.ts'
import type { RolledIdentity, RolledObject } from '../read/asked-objects.ts'
import { observeObject } from '../rule/observe-object.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import type { RolledAccount } from './rolled-account.ts'

type VaultObject = Extract<RolledObject, { kind: 'vault' }>

/** The objects of an account. Others aren't read. */
export const maxAskedObjects = 200
const readsAtOnce = 10

/** Digests are compared only within this process, and can't be tried out by whoever might see them. */
const digestKey = randomBytes(32)

/**
 * Reads what the workloads of an account ask for, and notes what has changed. What can't be read stays as it was.
 *
 * @returns a sentence for each that couldn't be read, but at most a few
 */
export async function readChanges(
  rolled: RolledAccount,
  services: RolloutServices,
): Promise<readonly string[]> {
  const all = [...rolled.workloads.values()].flatMap(({ objects }) => objects)
  const asked = [...new Map(all.map((object) => [object.name, object])).values()]
  const bounded = asked.slice(0, maxAskedObjects)
  const names = new Set(bounded.map(({ name }) => name))
  for (const name of rolled.known.keys()) if (!names.has(name)) rolled.known.delete(name)
  const problems: string[] =
    asked.length > maxAskedObjects
      ? [
          `workloads ask for more than ${maxAskedObjects} objects, and the others aren’t watched; use more accounts`,
        ]
      : []
  const ofVaults = bounded.filter((object) => object.kind === 'vault')
  const byIdentity = Map.groupBy(ofVaults, ({ identity }) => JSON.stringify(identity))
  const tokens = new Map<string, VaultToken | undefined>()
  for (const objects of byIdentity.values())
    problems.push(...(await readVaultObjects(objects, { tokens, rolled, services })))
  rolled.tokens = tokens
  for (const object of bounded)
    if (object.kind === 'secret') problems.push(...(await readSecretTime(object, rolled, services)))
  return problems.slice(0, 3)
}

interface Reading {
  /** Those that are kept for the next read, by the name of the sign-in. */
  readonly tokens: Map<string, VaultToken | undefined>
  readonly rolled: RolledAccount
  readonly services: RolloutServices
}

async function readVaultObjects(
  objects: readonly VaultObject[],
  { tokens, rolled, services }: Reading,
): Promise<readonly string[]> {
  const [{ identity } = { identity: {} }] = objects
  const { account } = rolled
  const { clock, signal } = services
  try {
    const { name: signInName, ...signIn } = signInOf(identity, { account, services })
    const heldToken = tokens.get(signInName) ?? rolled.tokens.get(signInName)
    const session = services.openSession(account, signIn, heldToken)
    const reader = skipUnresponsiveVaults(session.reader, clock)
    const problems: string[] = []
    for (let from = 0; from < objects.length && !signal.aborted; from += readsAtOnce) {
      const part = objects.slice(from, from + readsAtOnce)
      const reads = part.map(({ reference }) => reader.read(reference, signal))
      for (const [index, read] of (await Promise.allSettled(reads)).entries()) {
        const name = part[index]?.name ?? ''
        if (read.status === 'fulfilled') noteAnswer(rolled, { name, fetched: read.value, services })
        else problems.push(toAkvError(read.reason).message)
      }
    }
    tokens.set(signInName, session.signIn.held?.())
    return problems
  } catch (thrown) {
    return [toAkvError(thrown).message]
  }
}

/** The account signs in as its pods do. */
function signInOf(
  annotated: RolledIdentity,
  {
    account,
    services,
  }: { readonly account: Account; readonly services: Pick<RolloutServices, 'policy'> },
) {
  return accountSignIn(identityConfig(annotated, services.policy), {
    azure: readAzureIdentity(account.annotations).identity,
    usesBinding: annotated['identity-binding'] === true,
  })
}

function noteAnswer(
  { known, sinceMs }: RolledAccount,
  answer: {
    readonly name: string
    readonly fetched: FetchedObject
    readonly services: RolloutServices
  },
): void {
  const { name, fetched, services } = answer
  const { version, createdAtMs: createdMs, updatedAtMs: updatedMs, ...content } = fetched
  if (version === undefined) return
  // Pods get none of these, and a new version with the same bytes may have others.
  const { expiresAtMs: _, notBeforeAtMs: __, tags: ___, ...value } = content
  const digest = createHmac('sha256', digestKey).update(JSON.stringify(value)).digest('base64')
  const times = { nowMs: services.cluster.serverTimeMs(), sinceMs }
  known.set(name, observeObject(known.get(name), { version, createdMs, updatedMs, digest }, times))
}

/** A synced Secret says when it changed. Without that, as after an upgrade, nothing is known to be old. */
async function readSecretTime(
  { name, secret }: Extract<RolledObject, { kind: 'secret' }>,
  { account, known }: RolledAccount,
  { secrets, cluster }: RolloutServices,
): Promise<readonly string[]> {
  try {
    const stored = await secrets.readSecret({ namespace: account.namespace, name: secret })
    const changedMs = Date.parse(stored?.annotations.get(changedAtAnnotation) ?? '')
    if (Number.isNaN(changedMs)) known.delete(name)
    else known.set(name, { version: '', changedMs: Math.min(changedMs, cluster.serverTimeMs()) })
    return []
  } catch (thrown) {
    return [toAkvError(thrown).message]
  }
}
