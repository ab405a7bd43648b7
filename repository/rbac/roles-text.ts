import { Document, isScalar, visit } from 'yaml'
import type { JsonObject } from '../../lib/shape.ts'
import { rolloutsMark } from '../../requests/access/rollout-needs.ts'
import { type RightsNeeded, roleName } from './role.ts'

interface TextOptions extends RightsNeeded {
  readonly controllerNamespace: string
  /** Whether accounts are enabled for Secret sync. */
  readonly syncs: boolean
  /** Whether accounts are enabled for roll-outs. */
  readonly rollsOut: boolean
  /** Whether classes are read for these. */
  readonly readsClasses: boolean
}

/** Writes the objects as YAML to apply, with comments that say what they allow and who may apply them. */
export function rolesText(objects: readonly JsonObject[], options: TextOptions): string {
  const comments = commentLines(options).map((line) => `# ${line}\n`)
  return `${comments.join('')}${objects.map(documentText).join('---\n')}`
}

function commentLines(options: TextOptions): readonly string[] {
  const { watch, classes, externalSecrets, syncs, rollsOut, readsClasses } = options
  const grantsKinds =
    readsClasses || (syncs && watch === 'namespaces' && (classes || externalSecrets))
  return [
    ...(syncs ? syncLines(options) : []),
    ...(rollsOut ? rolloutLines(options) : []),
    grantsKinds
      ? 'Whoever has the ClusterRole admin in a namespace may apply this, unless the chart has aggregatedRoles=false.'
      : 'Whoever has the ClusterRole admin in a namespace may apply this.',
    'It replaces the list of accounts that a namespace has, so print it from all manifests of the namespace together.',
  ]
}

const syncLines = ({ controllerNamespace, rollsOut }: TextOptions) => [
  `Enables Secret sync. In each namespace below${rollsOut ? ' whose Role has a rule about secrets' : ''}, ServiceAccount ${roleName} of namespace ${controllerNamespace} may then`,
  '- sign in to Entra as the ServiceAccounts in resourceNames, and write their status annotation;',
  '- read each Secret whose name it knows, and create Secrets. Admission policies let it change and delete only its own;',
  '- create Events.',
]

const rolloutLines = ({ controllerNamespace, readsClasses }: TextOptions) => [
  `Enables roll-outs of the ServiceAccounts that are named together with ${rolloutsMark}, and no Secret sync. In their namespaces,`,
  `ServiceAccount ${roleName} of namespace ${controllerNamespace} may then`,
  '- sign in to Entra as these ServiceAccounts, and write its record of roll-outs into their annotations;',
  '- list pods, and read and patch workloads. An admission policy lets it change only one annotation of the pod template;',
  ...(readsClasses
    ? [
        '- read the SecretProviderClasses in resourceNames, which name the objects of these workloads;',
      ]
    : []),
  '- create Events.',
]

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
