import type { Policy } from '../../../requests/administrator/policy.ts'
import { readClassSource } from '../../../requests/class/read-class-source.ts'
import { readSeenClass } from '../../../requests/class/seen-class.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { NamedObject } from '../objects/find-objects.ts'
import { withMetadata } from './external-secret-reader.ts'

/** Reads a class of the files as Secret sync would. Undefined if the class requests no Secrets. */
export function classSource(found: NamedObject, policy: Policy): Source | undefined {
  const [seen] = readSeenClass(withMetadata(found))
  return seen && readClassSource(seen, policy)
}
