import type { EmulatorData, ObjectData } from '../../data/data.ts'
import { authoritiesOf, newCertificate, newKey, newSecret } from './new-version.ts'
import type { StoredCollection, Vault, Version } from './stored-object.ts'

/** Fills the vaults from the vault file. */
export function createVaults(
  { vaults }: Pick<EmulatorData, 'vaults'>,
  now: Date,
): Map<string, Vault> {
  return new Map(
    vaults.map(({ name, readers, writers, secrets, keys, certificates }) => [
      name,
      {
        name,
        readers: new Set(readers),
        writers: new Set(writers),
        secrets: collect(secrets, () => (version) => newSecret(version, now), now),
        keys: collect(keys, () => (version) => newKey(version, now), now),
        certificates: collect(
          certificates,
          (certificate) => {
            const authorities = authoritiesOf(certificate)
            return (version) => newCertificate(version, { authorities, now })
          },
          now,
        ),
      },
    ]),
  )
}

function collect<D, V extends Version>(
  objects: readonly ObjectData<D>[],
  makerFor: (name: string) => (data: D) => V,
  now: Date,
): StoredCollection<V> {
  return new Map(
    objects.map(({ name, versions, deleted }) => [
      name.toLowerCase(),
      {
        name,
        versions: versions
          .map(makerFor(name))
          .toSorted((a, b) => a.created.getTime() - b.created.getTime()),
        deletedAt: deleted ? now : undefined,
      },
    ]),
  )
}
