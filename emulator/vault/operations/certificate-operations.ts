import {
  badParameter,
  isDeleted,
  nameIsTaken,
  noPendingCertificate,
  type ObjectKind,
} from '../../refusals/vault-refusal.ts'
import {
  certificateBundle,
  certificateItem,
  certificatePolicy,
  certificateVersionItem,
} from '../bodies/certificate-json.ts'
import { readImportBody } from '../bodies/import-body.ts'
import { authoritiesOf, newCertificate } from '../store/new-version.ts'
import type { Vault } from '../store/stored-object.ts'
import { addVersion, find, newest } from '../store/vault-store.ts'
import { type Call, findLive, type VaultAnswer, type VaultOperation } from './operation.ts'
import { readOperations } from './read-operations.ts'

const kind = 'certificate'

/** The operations on certificates: read, even if disabled (only the secret is withheld then), and import. */
export const certificateOperations: readonly VaultOperation[] = [
  ...readOperations({
    kind,
    all: ({ certificates }) => certificates,
    find: ({ certificates }, name) => find(certificates, name),
    item: certificateItem,
    versionItem: certificateVersionItem,
    get: async ({ vault }, live) => ({ body: await certificateBundle(vault, live) }),
  }),
  { method: 'POST', path: '/certificates/:name/import', kind, action: 'import', run: importOne },
  { method: 'GET', path: '/certificates/:name/policy', kind, action: 'get', run: getPolicy },
  { method: 'GET', path: '/certificates/:name/pending', kind, action: 'get', run: getPending },
]

async function importOne({ vault, name, body, now }: Call): Promise<VaultAnswer> {
  const read = readImportBody(body)
  if (read.kind === 'invalid') return { refusal: badParameter(read.problem) }
  const before = find(vault.certificates, name)
  if (before?.deletedAt !== undefined) return { refusal: isDeleted(kind, name) }
  const taken = before === undefined ? takenBy(vault, name) : undefined
  if (taken !== undefined) return { refusal: nameIsTaken(taken, name) }
  const authorities = before === undefined ? authoritiesOf(name) : newest(before).authorities
  const version = newCertificate(read.value, { authorities, now })
  const object = addVersion(vault.certificates, name, version)
  return { body: await certificateBundle(vault, { object, version }) }
}

/** A certificate is also a secret and a key. */
function takenBy({ secrets, keys }: Vault, name: string): ObjectKind | undefined {
  if (find(secrets, name) !== undefined) return 'secret'
  return find(keys, name) === undefined ? undefined : 'key'
}

async function getPolicy({ vault, name }: Call): Promise<VaultAnswer> {
  const found = findLive(kind, find(vault.certificates, name), { name })
  return 'refusal' in found ? found : { body: await certificatePolicy(vault, found) }
}

/** The emulator never has a pending certificate. */
function getPending({ name }: Call): VaultAnswer {
  return { refusal: noPendingCertificate(name) }
}
