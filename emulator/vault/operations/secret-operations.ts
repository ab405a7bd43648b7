import { contentAs } from '../../material/certificate-content.ts'
import {
  badParameter,
  deletedSecretNotFound,
  isDeleted,
  secretDisabled,
  secretIsManaged,
  type VaultAction,
} from '../../refusals/vault-refusal.ts'
import { readSecretBody } from '../bodies/secret-body.ts'
import {
  deletedBundle,
  deletedItem,
  secretBundle,
  secretItem,
  secretVersionItem,
} from '../bodies/secret-json.ts'
import { findSecret, secretsOf } from '../store/managed.ts'
import { newSecret } from '../store/new-version.ts'
import type { Live, SecretVersion, StoredObject, Vault } from '../store/stored-object.ts'
import { addVersion, changeVersion, find, newest, purge, setDeleted } from '../store/vault-store.ts'
import {
  type Call,
  findLive,
  paged,
  type Refused,
  type VaultAnswer,
  type VaultOperation,
} from './operation.ts'
import { readOperations } from './read-operations.ts'

const kind = 'secret'

export const secretOperations: readonly VaultOperation[] = [
  ...readOperations({
    kind,
    all: secretsOf,
    find: findSecret,
    item: secretItem,
    versionItem: (vault, { object, version }) => secretVersionItem(vault, object, version),
    get: getSecret,
  }),
  { method: 'PUT', path: '/secrets/:name', kind, action: 'set', run: setSecret },
  { method: 'PATCH', path: '/secrets/:name', kind, action: 'update', run: updateSecret },
  { method: 'PATCH', path: '/secrets/:name/:version', kind, action: 'update', run: updateSecret },
  { method: 'DELETE', path: '/secrets/:name', kind, action: 'delete', run: deleteSecret },
  { method: 'GET', path: '/deletedsecrets', kind, action: 'list', run: listDeleted },
  { method: 'GET', path: '/deletedsecrets/:name', kind, action: 'get', run: getDeleted },
  { method: 'POST', path: '/deletedsecrets/:name/recover', kind, action: 'recover', run: recover },
  { method: 'DELETE', path: '/deletedsecrets/:name', kind, action: 'purge', run: purgeSecret },
]

async function getSecret(
  { vault, outContentType }: Call,
  { object, version }: Live<SecretVersion>,
): Promise<VaultAnswer> {
  if (!version.enabled) return { refusal: secretDisabled }
  const bundle = await secretBundle(vault, object, version)
  if (outContentType === undefined || outContentType === version.contentType)
    return { body: bundle }
  return await converted(bundle, version, outContentType)
}

/** The service converts only from PKCS#12 to PEM. */
async function converted(
  bundle: object,
  { content, contentType }: SecretVersion,
  wanted: string,
): Promise<VaultAnswer> {
  const pem = 'application/x-pem-file'
  if (content.kind !== 'certificate' || contentType !== 'application/x-pkcs12' || wanted !== pem)
    return {
      refusal: badParameter(
        `The secret can't be converted to the content type ${wanted}; supported is application/x-pkcs12 to ${pem}.`,
      ),
    }
  const { data, material } = content.certificate
  const value = contentAs(pem, await material(), data.exportable)
  return { body: { ...bundle, value, contentType: pem } }
}

async function setSecret({ vault, name, body, now }: Call): Promise<VaultAnswer> {
  const read = readSecretBody(body)
  if (read.kind === 'invalid') return { refusal: badParameter(read.problem) }
  const { value, change } = read.value
  if (value === undefined) return { refusal: badParameter('The value property is required.') }
  if (find(vault.certificates, name) !== undefined) return { refusal: secretIsManaged('set') }
  if (find(vault.secrets, name)?.deletedAt !== undefined) return { refusal: isDeleted(kind, name) }
  const version = newSecret({ enabled: true, ...change, value }, now)
  const secret = addVersion(vault.secrets, name, version)
  return { body: await secretBundle(vault, secret, version) }
}

function updateSecret({ vault, name, version: wanted, body, now }: Call): VaultAnswer {
  const read = readSecretBody(body)
  if (read.kind === 'invalid') return { refusal: badParameter(read.problem) }
  const found = findOwn(vault, 'update', { name, version: wanted })
  if ('refusal' in found) return found
  const { object, version } = found
  const { change } = read.value
  const changed = changeVersion({ collection: vault.secrets, object, version, change, now })
  return { body: secretVersionItem(vault, object, changed) }
}

function deleteSecret({ vault, name, now }: Call): VaultAnswer {
  const found = findOwn(vault, 'delete', { name })
  if ('refusal' in found) return found
  const secret = setDeleted(vault.secrets, found.object, now)
  return { body: deletedBundle(vault, secret, now) }
}

function listDeleted({ vault, page }: Call): Promise<VaultAnswer> {
  const deleted = [...vault.secrets].flatMap(([key, secret]) =>
    secret.deletedAt === undefined
      ? []
      : [[key, deletedItem(vault, secret, secret.deletedAt)] as const],
  )
  return paged(deleted, page, (item) => item)
}

function getDeleted({ vault, name }: Call): VaultAnswer {
  return withDeleted(vault, name, (secret, deletedAt) => deletedBundle(vault, secret, deletedAt))
}

function recover({ vault, name }: Call): VaultAnswer {
  return withDeleted(vault, name, (secret) => {
    setDeleted(vault.secrets, secret, undefined)
    return secretVersionItem(vault, secret, newest(secret))
  })
}

function purgeSecret({ vault, name }: Call): VaultAnswer {
  return withDeleted(vault, name, (secret) => {
    purge(vault.secrets, secret)
    return undefined
  })
}

/** Finds a secret to change. The secret of a certificate can't be changed. */
function findOwn(
  vault: Vault,
  action: VaultAction,
  id: { readonly name: string; readonly version?: string | undefined },
): Live<SecretVersion> | Refused {
  const found = findLive(kind, findSecret(vault, id.name), { version: undefined, ...id })
  return 'version' in found && found.version.content.kind === 'certificate'
    ? { refusal: secretIsManaged(action) }
    : found
}

function withDeleted(
  vault: Vault,
  name: string,
  answer: (secret: StoredObject<SecretVersion>, deletedAt: Date) => unknown,
): VaultAnswer {
  const secret = find(vault.secrets, name)
  return secret?.deletedAt === undefined
    ? { refusal: deletedSecretNotFound(name) }
    : { body: answer(secret, secret.deletedAt) }
}
