import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { webId } from './simulation.ts'

/** `parameters.objects` with these lines for each object. */
export const objectList = (...objects: readonly string[]): string =>
  ['array:', ...objects.map((text) => `  - |\n    ${text.replaceAll('\n', '\n    ')}`)].join('\n')

export const secret = (name: string, ...more: readonly string[]): string =>
  [`objectName: ${name}`, 'objectType: secret', ...more].join('\n')

/** One item of `secretObjects`: the keys and the names of their files. */
export const secretObject = (
  secretName: string,
  keys: Readonly<Record<string, string>>,
  more: object = {},
): object => ({
  secretName,
  type: 'Opaque',
  data: Object.entries(keys).map(([key, objectName]) => ({ objectName, key })),
  ...more,
})

/** The spec of a class that syncs Secrets, in the words of the driver's documentation. */
export const classSpec = (
  secretObjects: unknown,
  parameters: Readonly<Record<string, string>> = {},
): object => ({
  provider: 'azure',
  parameters: {
    usePodIdentity: 'false',
    useVMManagedIdentity: 'true',
    clientID: webId,
    keyvaultName: 'team-a',
    tenantId,
    objects: objectList(secret('db-password')),
    ...parameters,
  },
  secretObjects,
})

/** A class that makes one Secret with the key `password`. */
export const oneSecret = (name: string): object =>
  classSpec([secretObject(name, { password: 'db-password' })])
