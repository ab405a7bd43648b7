import { plainProblem } from '../../../lib/problems/problem.ts'
import { isObject, objectAt, valueAt } from '../../../lib/shape.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { NamedObject } from '../objects/find-objects.ts'

interface ReadObject {
  readonly object: NamedObject
  readonly source: Source | undefined
}

/**
 * Leaves ExternalSecrets that take values only from generators to the operator. In a namespace whose other ExternalSecrets read
 * from Key Vault, they keep their problems, because a namespace moves as a whole (docs/from-external-secrets.md).
 *
 * @param found - the classes and ExternalSecrets of a namespace, each with what it requests
 */
export function leaveGenerated(found: readonly ReadObject[]): readonly ReadObject[] {
  const readsVault = ({ object, source }: ReadObject) =>
    object.kind === 'ExternalSecret' &&
    source !== undefined &&
    source.values.length + (source.finds?.length ?? 0) > 0
  const isLeft = ({ object }: ReadObject) => isGenerated(object)
  if (!found.some(isLeft) || found.some(readsVault)) return found
  return found.map((one) =>
    one.source !== undefined && isLeft(one)
      ? { ...one, source: { ...one.source, problems: [generated], isLeftAlone: true } }
      : one,
  )
}

const generated = plainProblem(
  'all values come from generators; akv-injector has none, so leave it to the operator',
)

/** Whether an ExternalSecret takes values from generators, and from nothing else. As for the operator, extract and find count more. */
function isGenerated({ kind, object }: NamedObject): boolean {
  const { data, dataFrom } = objectAt(object, 'spec')
  const isGenerator = (item: unknown) =>
    isObject(valueAt(item, 'sourceRef', 'generatorRef')) &&
    valueAt(item, 'extract') == null &&
    valueAt(item, 'find') == null
  return (
    kind === 'ExternalSecret' &&
    (data == null || (Array.isArray(data) && data.length === 0)) &&
    Array.isArray(dataFrom) &&
    dataFrom.length > 0 &&
    dataFrom.every(isGenerator)
  )
}
