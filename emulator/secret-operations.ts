/** What one can do with secrets, once let in. */

import { type PageRequest, pageOf } from './paging.ts'
import { readSecretBody } from './secret-body.ts'
import { deletion, secretBundle, secretItem, versionItem } from './secret-json.ts'
import {
  badParameter,
  deletedSecretNotFound,
  secretDisabled,
  secretIsDeleted,
  secretNotFound,
  type VaultAction,
  type VaultRefusal,
} from './vault-refusal.ts'
import {
  addVersion,
  changeVersion,
  findSecret,
  findVersion,
  purge,
  type Secret,
  type SecretVersion,
  setDeleted,
  type Vault,
} from './vault-store.ts'

export interface Call {
  readonly vault: Vault
  /** Empty for the operations on no particular secret. */
  readonly name: string
  readonly version: string | undefined
  /** As it came. */
  readonly body: string
  readonly page: PageRequest
  readonly now: Date
}

/** A body of undefined is "no content". */
export type Answer = { readonly body: unknown } | { readonly refusal: VaultRefusal }

interface Operation {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' | 'POST'
  readonly path: string
  readonly action: VaultAction
  readonly run: (call: Call) => Answer
}

export const operations: readonly Operation[] = [
  { method: 'GET', path: '/secrets', action: 'list', run: listSecrets },
  { method: 'GET', path: '/secrets/:name/versions', action: 'list', run: listVersions },
  { method: 'GET', path: '/secrets/:name', action: 'get', run: getSecret },
  { method: 'GET', path: '/secrets/:name/:version', action: 'get', run: getSecret },
  { method: 'PUT', path: '/secrets/:name', action: 'set', run: setSecret },
  { method: 'PATCH', path: '/secrets/:name', action: 'update', run: updateSecret },
  { method: 'PATCH', path: '/secrets/:name/:version', action: 'update', run: updateSecret },
  { method: 'DELETE', path: '/secrets/:name', action: 'delete', run: deleteSecret },
  { method: 'GET', path: '/deletedsecrets', action: 'list', run: listDeleted },
  { method: 'GET', path: '/deletedsecrets/:name', action: 'get', run: getDeleted },
  { method: 'POST', path: '/deletedsecrets/:name/recover', action: 'recover', run: recover },
  { method: 'DELETE', path: '/deletedsecrets/:name', action: 'purge', run: purgeSecret },
]

function getSecret({ vault, name, version: wanted }: Call): Answer {
  const found = findLive(vault, name, wanted)
  if ('refusal' in found) return found
  const { secret, version } = found
  return version.enabled
    ? { body: secretBundle(vault, secret, version) }
    : { refusal: secretDisabled }
}

function listSecrets({ vault, page }: Call): Answer {
  const live = [...vault.secrets].filter(([, { deletedAt }]) => deletedAt === undefined)
  return paged(
    live.map(([key, secret]) => [key, secretItem(vault, secret, newest(secret))]),
    page,
  )
}

function listVersions({ vault, name, page }: Call): Answer {
  const secret = findSecret(vault, name)
  if (secret === undefined || secret.deletedAt !== undefined)
    return { refusal: secretNotFound(name) }
  return paged(
    secret.versions.map((one) => [one.version, versionItem(vault, secret, one)]),
    page,
  )
}

function setSecret({ vault, name, body, now }: Call): Answer {
  const read = readSecretBody(body)
  if ('problem' in read) return { refusal: badParameter(read.problem) }
  const { value, change } = read
  if (value === undefined) return { refusal: badParameter('The value property is required.') }
  if (findSecret(vault, name)?.deletedAt !== undefined) return { refusal: secretIsDeleted(name) }
  const { secret, version } = addVersion(vault, name, { enabled: true, ...change, value }, now)
  return { body: secretBundle(vault, secret, version) }
}

function updateSecret({ vault, name, version: wanted, body, now }: Call): Answer {
  const read = readSecretBody(body)
  if ('problem' in read) return { refusal: badParameter(read.problem) }
  const found = findLive(vault, name, wanted)
  if ('refusal' in found) return found
  const { secret, version } = found
  const changed = changeVersion({ vault, secret, version, change: read.change, now })
  return { body: versionItem(vault, secret, changed) }
}

function deleteSecret({ vault, name, now }: Call): Answer {
  const found = findLive(vault, name)
  if ('refusal' in found) return found
  const secret = setDeleted(vault, found.secret, now)
  return { body: deletedBundle(vault, secret, now) }
}

function listDeleted({ vault, page }: Call): Answer {
  const deleted = [...vault.secrets].flatMap(([key, secret]): [string, object][] =>
    secret.deletedAt === undefined
      ? []
      : [
          [
            key,
            {
              ...secretItem(vault, secret, newest(secret)),
              ...deletion(vault, secret, secret.deletedAt),
            },
          ],
        ],
  )
  return paged(deleted, page)
}

function getDeleted({ vault, name }: Call): Answer {
  return withDeleted(vault, name, (secret, deletedAt) => deletedBundle(vault, secret, deletedAt))
}

function recover({ vault, name }: Call): Answer {
  return withDeleted(vault, name, (secret) => {
    setDeleted(vault, secret, undefined)
    return versionItem(vault, secret, newest(secret))
  })
}

function purgeSecret({ vault, name }: Call): Answer {
  return withDeleted(vault, name, (secret) => {
    purge(vault, secret)
    return undefined
  })
}

const newest = (secret: Secret): SecretVersion => {
  const version = findVersion(secret)
  if (version === undefined) throw new Error(`the secret ${secret.name} has no version`)
  return version
}

const deletedBundle = (vault: Vault, secret: Secret, deletedAt: Date) => ({
  ...versionItem(vault, secret, newest(secret)),
  ...deletion(vault, secret, deletedAt),
})

type Live = { readonly secret: Secret; readonly version: SecretVersion }

function findLive(
  vault: Vault,
  name: string,
  wanted?: string,
): Live | { readonly refusal: VaultRefusal } {
  const secret = findSecret(vault, name)
  const version =
    secret === undefined || secret.deletedAt !== undefined ? undefined : findVersion(secret, wanted)
  return secret === undefined || version === undefined
    ? { refusal: secretNotFound(wanted === undefined ? name : `${name}/${wanted}`) }
    : { secret, version }
}

function withDeleted(
  vault: Vault,
  name: string,
  answer: (secret: Secret, deletedAt: Date) => unknown,
): Answer {
  const secret = findSecret(vault, name)
  return secret?.deletedAt === undefined
    ? { refusal: deletedSecretNotFound(name) }
    : { body: answer(secret, secret.deletedAt) }
}

function paged(items: readonly (readonly [string, unknown])[], request: PageRequest): Answer {
  const page = pageOf(new Map(items), request)
  return 'problem' in page ? { refusal: badParameter(page.problem) } : { body: page }
}
