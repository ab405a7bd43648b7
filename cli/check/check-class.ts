import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problem.ts'
import { isObject } from '../../lib/shape.ts'
import { subjectOf } from '../../webhook/core/csi/open-class.ts'
import { readClass } from '../../webhook/core/csi/read-class.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { NamedObject } from '../input/find-objects.ts'
import type { Serving } from '../input/read-serving.ts'
import { pathOf } from './describe/describe-injection.ts'
import { describeWanted, row } from './describe/describe-wanted.ts'
import { readClassVolume, volumeOfClass } from './read-class-volume.ts'
import type { Verdict } from './verdict.ts'

/**
 * Reports whether volumes of a SecretProviderClass would be served, whatever pod has them.
 *
 * @param title - names the class and its file
 */
export function checkClass(title: string, found: NamedObject, serving: Serving): Verdict {
  if (!serving.servesVolumes)
    return {
      isDenied: true,
      lines: [`${title}: akv-injector does not serve its volumes; docs/from-csi.md`],
    }
  const served = readClassVolume(found, serving.policy)
  if (served.leftToDriver !== undefined)
    return { isDenied: false, lines: [`${title}: not served: its provider is not azure`] }
  if (served.problems.length > 0)
    return {
      isDenied: true,
      lines: [
        `${title}: would not be served`,
        ...served.problems.map((problem) => `  ${withoutVolume(problem, found.name)}`),
      ],
    }
  const { clientId, tenantId } = served.identity
  const tenant = tenantId === undefined ? '' : ` in tenant ${tenantId}`
  return {
    isDenied: false,
    lines: [
      `${title}: would be served`,
      row('identity', `${clientId ?? 'chosen by the pod or its ServiceAccount'}${tenant}`),
      ...served.files.map((file) =>
        row('file', `${pathOf(file)} (${file.mode}) from ${describeWanted(file)}`),
      ),
      ...describeSecrets(found),
      ...unknownParameters(found, serving.policy),
    ].map((line, i) => (i === 0 ? line : `  ${line}`)),
  }
}

/** A problem of the class, without the volume that we made up. */
function withoutVolume({ subject, sentence }: Problem, className: string): string {
  const place = subject
    .replace(subjectOf({ name: volumeOfClass, className }), '')
    .replace(/^, /, '')
  return place === '' ? sentence : `${place}: ${sentence}`
}

function unknownParameters({ object }: NamedObject, { cloudName }: Policy): readonly string[] {
  const read = readClass(object, cloudName)
  return read.kind === 'azure'
    ? read.parameters.unknown.map(
        (name) => `warning: parameters.${printable(name)} is not known and not read`,
      )
    : []
}

function describeSecrets({ object, namespace }: NamedObject): readonly string[] {
  const { secretObjects } = isObject(object['spec']) ? object['spec'] : {}
  if (!Array.isArray(secretObjects) || secretObjects.length === 0) return []
  const lines = secretObjects.filter(isObject).map(({ secretName, type, data }) => {
    const keys = (Array.isArray(data) ? data : [])
      .filter(isObject)
      .map(({ objectName, key }) => `${textOf(key)} \u2190 ${textOf(objectName)}`)
    return row('Secret', `${textOf(secretName)} (${textOf(type ?? 'Opaque')}): ${keys.join(', ')}`)
  })
  return [
    ...lines,
    row(
      'needs',
      `sync.classes of the chart, and a ServiceAccount in sync.namespaces.${namespace}.serviceAccounts: Secret sync makes these Secrets`,
    ),
  ]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '?')
