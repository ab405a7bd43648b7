import { parse } from 'yaml'
import { readDriverObjects, readObjectList, sourceOf, type Wanted } from './object-lists.ts'
import { at, fields, items, text } from './values.ts'

/** A Secret that an object requests. */
export interface ReadSecret {
  readonly secret: string
  readonly type: string
  readonly labels: unknown
  readonly annotations: unknown
  /** What each key is made of. */
  readonly keys: Readonly<Record<string, string>>
  /** The client that reads the objects. Empty if the object names none. */
  readonly client: string
  readonly refreshSeconds: number
}

type Find = (kind: string, namespace: string, name: string) => unknown

/** Reads the Secrets that the classes, ExternalSecrets and ServiceAccounts of an environment request. */
export const readSecrets = (objects: readonly unknown[], find: Find): readonly ReadSecret[] =>
  objects.flatMap((object) => {
    const namespace = text(at(object, 'metadata', 'namespace'))
    switch (at(object, 'kind')) {
      case 'SecretProviderClass':
        return ofClass(object, namespace)
      case 'ExternalSecret':
        return ofExternalSecret(object, { namespace, find })
      case 'ServiceAccount':
        return ofAccount(object, namespace)
      default:
        return []
    }
  })

const hour = 3600
const opaque = 'Opaque'
const keysOf = (wanted: readonly Wanted[]) =>
  Object.fromEntries(wanted.map(({ target, source }) => [target, source]))

function ofClass(object: unknown, namespace: string): readonly ReadSecret[] {
  const parameters = fields(at(object, 'spec', 'parameters'))
  const files = readDriverObjects(text(parameters['objects']), text(parameters['keyvaultName']))
  return items(at(object, 'spec', 'secretObjects')).map((wanted) => ({
    secret: `${namespace}/${text(at(wanted, 'secretName'))}`,
    type: text(at(wanted, 'type')) || opaque,
    labels: fields(at(wanted, 'labels')),
    annotations: fields(at(wanted, 'annotations')),
    keys: Object.fromEntries(
      items(at(wanted, 'data')).map((entry) => [
        text(at(entry, 'key')),
        files.find(({ target }) => target === at(entry, 'objectName'))?.source ?? 'nothing',
      ]),
    ),
    client: text(parameters['clientID'] || parameters['userAssignedIdentityID']),
    refreshSeconds: Number.POSITIVE_INFINITY,
  }))
}

function ofExternalSecret(
  object: unknown,
  { namespace, find }: { readonly namespace: string; readonly find: Find },
): readonly ReadSecret[] {
  const spec = fields(at(object, 'spec'))
  const reference = spec['secretStoreRef']
  const store = find(
    text(at(reference, 'kind')) || 'SecretStore',
    at(reference, 'kind') === 'ClusterSecretStore' ? '' : namespace,
    text(at(reference, 'name')),
  )
  const vault = vaultOf(text(at(store, 'spec', 'provider', 'azurekv', 'vaultUrl')))
  const reader = text(at(store, 'spec', 'provider', 'azurekv', 'serviceAccountRef', 'name'))
  const template = at(spec, 'target', 'template')
  const metadata = template === undefined ? at(object, 'metadata') : at(template, 'metadata')
  return [
    {
      secret: `${namespace}/${text(at(spec, 'target', 'name') ?? at(object, 'metadata', 'name'))}`,
      type: text(at(template, 'type')) || opaque,
      labels: fields(at(metadata, 'labels')),
      annotations: fields(at(metadata, 'annotations')),
      keys: {
        ...Object.fromEntries(
          items(spec['data']).map((entry) => [
            text(at(entry, 'secretKey')),
            remoteSource(at(entry, 'remoteRef'), vault),
          ]),
        ),
        ...Object.fromEntries(items(spec['dataFrom']).map((entry) => extracted(entry, vault))),
        ...Object.fromEntries(
          Object.entries(fields(at(template, 'data'))).map(([key, line]) => [key, text(line)]),
        ),
      },
      client: clientOf(find('ServiceAccount', namespace, reader)),
      refreshSeconds: secondsOf(text(spec['refreshInterval']), hour),
    },
  ]
}

const vaultOf = (url: string): string => /^https:\/\/([^.]+)\./.exec(url)?.[1] ?? url

/** `secret/NAME` and `NAME` are the same object. */
function remoteSource(reference: unknown, vault: string, property?: string): string {
  const key = text(at(reference, 'key'))
  const slash = key.indexOf('/')
  const decoding = text(at(reference, 'decodingStrategy'))
  return sourceOf({
    vault,
    type: slash < 0 ? 'secret' : key.slice(0, slash),
    name: key.slice(slash + 1),
    version: text(at(reference, 'version')),
    property: property ?? text(at(reference, 'property')),
    decoding: decoding === '' || decoding === 'None' ? '' : decoding.toLowerCase(),
  })
}

const extracted = (entry: unknown, vault: string): readonly [string, string] =>
  at(entry, 'extract') === undefined
    ? [JSON.stringify(entry), vault]
    : ['*', remoteSource(at(entry, 'extract'), vault, '*')]

/** By docs/sync.md. */
function ofAccount(object: unknown, namespace: string): readonly ReadSecret[] {
  const annotations = fields(at(object, 'metadata', 'annotations'))
  const value = (key: string) => text(annotations[`akv-injector.io/${key}`])
  return items(parse(value('sync'))).map((wanted) => ({
    secret: `${namespace}/${text(at(wanted, 'secret'))}`,
    type: text(at(wanted, 'type')) || opaque,
    labels: fields(at(wanted, 'labels')),
    annotations: fields(at(wanted, 'annotations')),
    keys: keysOf([
      ...readObjectList(text(at(wanted, 'data')), value('vault')),
      ...readDriverObjects(listText(at(wanted, 'objects')), value('vault')),
    ]),
    client: clientOf(object),
    refreshSeconds: secondsOf(value('refresh'), hour),
  }))
}

/** `objects` is a text, or the list itself. */
const listText = (list: unknown): string =>
  typeof list === 'string' ? list : list === undefined ? '' : JSON.stringify(list)

const clientOf = (account: unknown): string => {
  const annotations = fields(at(account, 'metadata', 'annotations'))
  return text(
    annotations['akv-injector.io/client-id'] ?? annotations['azure.workload.identity/client-id'],
  )
}

const unitSeconds: Readonly<Record<string, number>> = { h: hour, m: 60, s: 1 }

function secondsOf(duration: string, otherwise: number): number {
  const parts = [...duration.matchAll(/(\d+)([hms])/g)]
  return parts.length === 0
    ? otherwise
    : parts.reduce(
        (sum, [, count, unit = 's']) => sum + Number(count) * (unitSeconds[unit] ?? 1),
        0,
      )
}
