import { type ReadValue, wantedValues } from '../../../command/grants/wanted-values.ts'
import type { AgentConfig, WantedValue } from '../../../delivery/contract.ts'
import type {
  CertificateData,
  EmulatedSecret,
  KeyData,
  ObjectData,
  VaultData,
} from '../../../emulator/data/data.ts'
import type { ObjectReference, ObjectType } from '../../../keyvault/reference.ts'
import { makeValue } from './make-value.ts'

/** Enough to show a history. A pod that asks for more versions gets as many as there are. */
const maxHistory = 3

/** An object that a pod reads, and all that the pod reads of it. */
interface ReadObject {
  readonly name: string
  readonly kind: 'secret' | 'key' | 'certificate'
  readonly uses: readonly ReadValue[]
}

/** Everything that the agent of a pod reads of one secret. */
export const usesOf = (config: AgentConfig, object: ObjectReference): readonly WantedValue[] =>
  wantedValues(config).filter((value) => keyOf(value.object) === keyOf(object))

const keyOf = ({ vault, name }: ObjectReference): string => `${vault}:${name.toLowerCase()}`

/** Makes up the vaults that the agent of a pod reads. Every identity may read them. */
export function makeVaults(config: AgentConfig): readonly VaultData[] {
  const byVault = Map.groupBy(wantedValues(config), ({ object }) => object.vault)
  return [...byVault].map(([name, values]): VaultData => {
    const objects = objectsOf(values)
    const ofKind = (kind: ReadObject['kind']) => objects.filter((object) => object.kind === kind)
    return {
      name,
      readers: ['*'],
      writers: [],
      secrets: ofKind('secret').map(makeSecret),
      keys: ofKind('key').map(makeKey),
      certificates: ofKind('certificate').map(makeCertificate),
    }
  })
}

const certificateTypes: readonly ObjectType[] = ['cert', 'tls', 'pfx']

/** A certificate is also a secret and a key of its name. Names aren't case-sensitive. */
function objectsOf(values: readonly WantedValue[]): readonly ReadObject[] {
  const byName = Map.groupBy(values, ({ object }) => object.name.toLowerCase())
  return [...byName.values()].flatMap((uses): readonly ReadObject[] => {
    const [first] = uses
    if (first === undefined) return []
    const { name } = first.object
    if (uses.some(({ object }) => certificateTypes.includes(object.type)))
      return [{ name, kind: 'certificate', uses }]
    return (['secret', 'key'] as const)
      .map((kind) => ({ name, kind, uses: uses.filter(({ object }) => object.type === kind) }))
      .filter((object) => object.uses.length > 0)
  })
}

const makeSecret = (object: ReadObject): ObjectData<EmulatedSecret> =>
  makeObject(object, (revision) => ({
    value: makeValue(object.name, { uses: object.uses, revision }),
  }))

const makeKey = (object: ReadObject): ObjectData<KeyData> =>
  makeObject(object, () => ({ key: { type: 'EC', curve: 'P-256' } }))

const makeCertificate = (object: ReadObject): ObjectData<CertificateData> =>
  makeObject(object, () => ({
    contentType: 'application/x-pkcs12',
    exportable: true,
    certificate: {
      subject: 'CN=made-up.example',
      dnsNames: ['made-up.example'],
      key: { type: 'EC', curve: 'P-256' },
      issuer: { intermediates: 1, root: true },
      lifetimeDays: 365,
    },
  }))

/** An object with the versions that its uses pin, and newer ones for the uses that pin none. */
function makeObject<T extends object>(
  { name, uses }: ReadObject,
  make: (revision: number) => T,
): ObjectData<T & { readonly enabled: boolean; readonly version?: string | undefined }> {
  const pinned = [...new Set(uses.flatMap(({ object }) => object.version ?? []))]
  const history = Math.max(1, ...uses.map(({ versions = 1 }) => versions))
  const newer = Array.from({ length: Math.min(history, maxHistory) }, () => undefined)
  const versions = [...pinned, ...newer].map((version, index) => ({
    ...make(index + 1),
    enabled: true,
    version,
  }))
  return { name, versions, deleted: false }
}
