import { describeObject, type ObjectReference } from '../reference.ts'
import type { ObjectReader } from './object-reader.ts'
import { describeList, type SecretPages } from './secret-pages.ts'

/** One request: for an object, for its versions, or for a page of the list of a vault's secrets. */
export interface ReaderRequest {
  readonly vault: string
  /** What is requested, for messages. */
  readonly title: string
}

/** Carries out one request of a reader: may delay, refuse, count or repeat it. */
type AroundRequest = <T>(request: ReaderRequest, send: () => Promise<T>) => Promise<T>

/** Returns a reader that makes each request of `reader` through `around`. */
export function wrapReader(reader: ObjectReader, around: AroundRequest): ObjectReader {
  return {
    read: (reference, signal) =>
      around(requestFor(reference), () => reader.read(reference, signal)),
    listVersions: (reference, signal) =>
      around(requestFor(reference), () => reader.listVersions(reference, signal)),
    secretPages: (vault, signal) =>
      wrapPages(reader.secretPages(vault, signal), (next) =>
        around({ vault, title: describeList(vault) }, next),
      ),
  }
}

const requestFor = (reference: ObjectReference): ReaderRequest => ({
  vault: reference.vault,
  title: describeObject(reference),
})

/** Not a generator, which would be at its end after a failure, so that a repeated request would seem to end the list. */
function wrapPages(
  pages: SecretPages,
  around: <T>(next: () => Promise<T>) => Promise<T>,
): SecretPages {
  return {
    [Symbol.asyncIterator]() {
      const iterator = pages[Symbol.asyncIterator]()
      return { next: () => around(() => iterator.next()) }
    },
  }
}
