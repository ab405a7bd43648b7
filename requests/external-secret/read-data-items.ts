import { isName, subdomainName } from '../../lib/name-rules.ts'
import type { FieldPath } from '../../lib/problems/problem.ts'
import { dataKeyProblem } from '../secret/secret-types.ts'
import { below, claim, only, type Place, readMembers, refused, text, wrong } from './members.ts'
import { type RemoteRef, readRemoteRef } from './read-remote-ref.ts'
import { type StoreKind, storeKinds } from './read-store.ts'

/** A reference to a store. */
export interface StoreRef {
  readonly kind: StoreKind
  readonly name: string
}

/** One item of `data`, or of `dataFrom`, which has no key. */
export interface Item {
  readonly key?: string
  readonly ref: RemoteRef
  readonly store: StoreRef | undefined
  readonly path: FieldPath
}

/** Reads an item of `data`. */
export const dataReader =
  (items: Item[]) =>
  (value: unknown, place: Place): void => {
    let key: string | undefined
    let ref: RemoteRef | undefined
    let store: StoreRef | undefined
    const before = place.problems.length
    readMembers(value, place, {
      secretKey: text((found, at) => {
        const problem = dataKeyProblem(found)
        if (problem === undefined) key = found
        else wrong(at, found, problem)
      }),
      remoteRef: (found, at) => {
        ref = readRemoteRef(found, at, { isExtract: false })
      },
      sourceRef: (found, at) => {
        store = readSourceRef(found, at)
      },
    })
    if (place.problems.length > before) return
    if (key === undefined) return void claim(below(place, 'secretKey'), 'is missing')
    if (ref === undefined) return void claim(below(place, 'remoteRef'), 'is missing')
    items.push({ key, ref, store, path: place.path })
  }

const search = 'list the objects in data, because a search would need permission to list the vault'

/** Reads an item of `dataFrom`. */
export const dataFromReader =
  (items: Item[]) =>
  (value: unknown, place: Place): void => {
    let ref: RemoteRef | undefined
    let store: StoreRef | undefined
    const before = place.problems.length
    readMembers(value, place, {
      extract: (found, at) => {
        ref = readRemoteRef(found, at, { isExtract: true })
      },
      find: refused(search),
      rewrite: refused('write each key into data'),
      select: refused('write each key into data'),
      sourceRef: (found, at) => {
        store = readSourceRef(found, at)
      },
    })
    if (place.problems.length > before) return
    if (ref === undefined) return void claim(below(place, 'extract'), 'is missing')
    items.push({ ref, store, path: place.path })
  }

function readSourceRef(value: unknown, place: Place): StoreRef | undefined {
  let store: StoreRef | undefined
  readMembers(value, place, {
    storeRef: (ref, at) => {
      store = readStoreRef(ref, at)
    },
    generatorRef: refused('values come from Key Vault only; write extract'),
  })
  return store
}

/** Reads a `secretStoreRef` or a `storeRef`. */
export function readStoreRef(value: unknown, place: Place): StoreRef | undefined {
  let name: string | undefined
  let kind: StoreKind = 'SecretStore'
  const before = place.problems.length
  readMembers(value, place, {
    name: text((found, at) => {
      if (isName(found, subdomainName)) name = found
      else wrong(at, found, `expected ${subdomainName.sentence}`)
    }),
    kind: text((found, at) => {
      only(storeKinds)(found, at)
      kind = found as StoreKind
    }),
  })
  if (place.problems.length > before) return undefined
  if (name === undefined) claim(below(place, 'name'), 'is missing')
  return name === undefined ? undefined : { kind, name }
}
