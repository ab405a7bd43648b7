import { Document, isScalar, visit } from 'yaml'
import type { JsonObject } from '../../lib/shape.ts'
import { type RightsNeeded, roleName } from './role.ts'

/** Writes the objects as YAML to apply, with comments that say what they allow and who may apply them. */
export function rolesText(
  objects: readonly JsonObject[],
  options: RightsNeeded & { readonly controllerNamespace: string },
): string {
  const comments = commentLines(options).map((line) => `# ${line}\n`)
  return `${comments.join('')}${objects.map(documentText).join('---\n')}`
}

function commentLines({
  controllerNamespace,
  watch,
  classes,
  externalSecrets,
}: RightsNeeded & { readonly controllerNamespace: string }): readonly string[] {
  const grantsKinds = watch === 'namespaces' && (classes || externalSecrets)
  return [
    `Enables Secret sync. In each namespace below, ServiceAccount ${roleName} of namespace ${controllerNamespace} may then`,
    '- sign in to Entra as the ServiceAccounts in resourceNames, and write their status annotation;',
    '- read each Secret whose name it knows, and create Secrets. Admission policies let it change and delete only its own;',
    '- create Events.',
    grantsKinds
      ? 'Whoever has the ClusterRole admin in a namespace may apply this, unless the chart has aggregatedRoles=false.'
      : 'Whoever has the ClusterRole admin in a namespace may apply this.',
    'It replaces the list of accounts that a namespace has, so print it from all manifests of the namespace together.',
  ]
}

/** Writes a document with each list of plain values on one line. */
function documentText(object: JsonObject): string {
  const document = new Document(object, { aliasDuplicateObjects: false })
  visit(document, {
    Seq(_, list) {
      if (list.items.every(isScalar)) list.flow = true
    },
  })
  return document.toString({ lineWidth: 120, flowCollectionPadding: false })
}
