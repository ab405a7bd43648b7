import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type { CloudName } from '../administrator/policy.ts'

/** The names of clouds in a SecretProviderClass, in upper case: the provider ignores case. */
const clouds: ReadonlyMap<string, CloudName> = new Map([
  ['AZURECLOUD', 'public'],
  ['AZUREPUBLICCLOUD', 'public'],
  ['AZUREUSGOVERNMENT', 'usgov'],
  ['AZUREUSGOVERNMENTCLOUD', 'usgov'],
  ['AZURECHINACLOUD', 'china'],
  ['AZURESTACKCLOUD', 'custom'],
])
const maxNameLength = 64

/** Accepts the name of the administrator's cloud only: a class can't choose where a pod sends its token. */
export function parseClassCloud(name: string, cloudName: CloudName): Parsed<CloudName> {
  const cloud = name.length <= maxNameLength ? clouds.get(name.toUpperCase()) : undefined
  return cloud === cloudName
    ? valid(cloud)
    : invalid(
        `this cluster uses the cloud "${cloudName}", which only the administrator can change; remove this parameter`,
      )
}
