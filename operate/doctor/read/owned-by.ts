import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import { textAt } from '../model/objects.ts'

/** Whether one of `owners` is the controller of the object. */
export function ownedBy(object: JsonObject, owners: readonly JsonObject[]): boolean {
  const controller = objectsAt(object, 'metadata', 'ownerReferences').find(
    (one) => one['controller'] === true,
  )
  const uid = textAt(controller, 'uid')
  return uid !== '' && owners.some((owner) => textAt(owner, 'metadata', 'uid') === uid)
}
