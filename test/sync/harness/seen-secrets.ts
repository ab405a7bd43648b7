import {
  fieldManager,
  managedByLabel,
  managedByUs,
  syncedAnnotation,
} from '../../../requests/secret/names.ts'
import type { Secret } from '../../support/api-server/api-object.ts'
import { ownedBy } from '../../support/api-server/managed-fields.ts'
import type { Secrets } from '../../support/api-server/secrets.ts'

const record = 'akv-injector-sync-web'
const decoded = (text = '') => Buffer.from(text, 'base64').toString()

export const allSecrets = (secrets: Secrets): readonly Secret[] =>
  secrets.names().flatMap((name) => secrets.get(name) ?? [])

/** `db: a=1, b=1` of each Secret but the record. */
export const contentsOf = (secrets: Secrets): readonly string[] =>
  allSecrets(secrets)
    .filter(({ metadata }) => metadata.name !== record)
    .map(({ metadata, data = {} }) => {
      const keys = Object.entries(data).map(([key, value]) => `${key}=${decoded(value)}`)
      return `${metadata.name}: ${keys.sort().join(', ')}`
    })
    .sort()

/** What must never be seen in a cluster: Secrets that nobody would delete, renew or report. */
export function problemsOf(secrets: Secrets, uid: string): readonly string[] {
  const recorded = decoded(secrets.get(`team-a/${record}`)?.data?.['secrets']).split('\n')
  return allSecrets(secrets).flatMap(({ metadata }) => {
    const { name, labels, annotations, ownerReferences = [] } = metadata
    if (labels?.[managedByLabel] !== managedByUs)
      return ownerReferences.length > 0 ? [`${name} has an owner without the label`] : []
    const isOwned = ownerReferences.some((owner) => owner.name === 'web')
    const isCurrent = ownerReferences.some((owner) => owner.uid === uid)
    return [
      ...(isOwned ? [] : [`${name} has no owner`]),
      ...(name === record || annotations?.[syncedAnnotation] ? [] : [`${name} has no versions`]),
      ...(isCurrent && name !== record && !recorded.includes(name)
        ? [`${name} isn't recorded`]
        : []),
    ]
  })
}

/** The keys that don't belong to exactly one manager, or to another one than the controller, and to whom. */
export function othersKeys(secrets: Secrets): readonly string[] {
  const owners = allSecrets(secrets).flatMap(({ metadata: { name, managedFields = [] } }) =>
    managedFields.flatMap((entry) =>
      ownedBy(entry)
        .filter((field) => field.startsWith('f:data'))
        .map((field) => ({ key: `${name} ${field.split('f:').at(-1)}`, manager: entry.manager })),
    ),
  )
  return [...Map.groupBy(owners, ({ key }) => key)].flatMap(([key, found]) => {
    const managers = String(found.map(({ manager }) => manager))
    return managers === fieldManager ? [] : [`${key}: ${managers}`]
  })
}
