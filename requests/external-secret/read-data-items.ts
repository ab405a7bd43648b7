import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type { FieldPath } from '../../lib/problems/problem.ts'
import {
  allOf,
  below,
  only,
  parsed,
  type Read,
  refused,
  reportThat,
  required,
  textAs,
} from '../../lib/problems/read.ts'
import type { Rewrite } from '../secret/composition.ts'
import { dataKeyProblem } from '../secret/secret-types.ts'
import { findReader, type ReadFind } from './read-find.ts'
import { type RemoteRef, remoteRefReader } from './read-remote-ref.ts'
import { rewriteReader } from './read-rewrite.ts'
import type { StoreRef } from './read-store.ts'
import { parseSubdomain, storeKinds } from './read-store.ts'

/** One item of `data`, or of `dataFrom`, which has no key. */
export type Item = RefItem | FindItem

interface AnyItem {
  readonly store: StoreRef | undefined
  readonly path: FieldPath
  /** Of an item of `dataFrom`. */
  readonly rewrite?: readonly Rewrite[]
}

/** An item that names its object. */
export interface RefItem extends AnyItem {
  readonly key?: string
  readonly ref: RemoteRef
  readonly find?: never
}

/** An item that searches the vault. */
interface FindItem extends AnyItem {
  readonly key?: never
  readonly ref?: never
  readonly find: ReadFind
}

/** Reads a `secretStoreRef` or a `storeRef`. */
export const readStoreRef: Read<StoreRef> = (value, at) => {
  const ref = storeRef(value, at)
  return ref && { kind: ref.kind ?? 'SecretStore', name: ref.name }
}

const storeRef = allOf({
  name: required(parsed(parseSubdomain)),
  kind: textAs(only(storeKinds)),
})

const sourceRef = allOf({
  storeRef: readStoreRef,
  generatorRef: refused(
    'values come from Key Vault only; store the value there, and write extract',
  ),
})

/** Reads an item of `data`. */
export const readDataItem: Read<Item> = (value, at) => {
  const item = dataItem(value, at)
  return (
    item && {
      key: item.secretKey,
      ref: item.remoteRef,
      store: item.sourceRef?.storeRef,
      path: at.path,
    }
  )
}

const dataItem = allOf({
  secretKey: required(parsed(parseDataKey)),
  remoteRef: required(remoteRefReader({ isExtract: false })),
  sourceRef,
})

function parseDataKey(key: string): Parsed<string> {
  const problem = dataKeyProblem(key)
  return problem === undefined ? valid(key) : invalid(problem)
}

/** Reads the items of `dataFrom` of one ExternalSecret. */
export function dataFromReader(): Read<Item> {
  const dataFromItem = allOf({
    extract: remoteRefReader({ isExtract: true }),
    find: findReader(),
    rewrite: rewriteReader(),
    select: refused('write each key into data'),
    sourceRef,
  })
  return (value, at) => {
    const item = dataFromItem(value, at)
    if (item === undefined) return undefined
    const { extract: ref, find, rewrite = [] } = item
    const rest = {
      store: item.sourceRef?.storeRef,
      path: at.path,
      ...(rewrite.length > 0 && { rewrite }),
    }
    if (ref && find) return reportThat(at, 'has both extract and find; write two items')
    if (find) return { find, ...rest }
    return ref ? { ref, ...rest } : reportThat(below(at, 'extract'), 'is missing')
  }
}
