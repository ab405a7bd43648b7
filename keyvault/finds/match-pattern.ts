import type { ListedSecret } from '../clients/object-client.ts'
import type { ObjectReference } from '../reference.ts'

/**
 * Prepares to compare a pattern of annotations with secrets (docs/specification.md, "Finds"). Names of Key Vault aren't
 * case-sensitive, so patterns aren't either.
 *
 * @param wanted - `pattern`: the name, in which `*` stands for any number of characters; `tags`: with exactly these values;
 *   `includesCertificates`: secrets of certificates are found, too
 * @returns whether a listed secret matches. It takes linear time, and names are short
 */
export function matchPattern({
  pattern,
  tags = {},
  includesCertificates,
}: {
  readonly pattern: string
  readonly tags?: Readonly<Record<string, string>>
  readonly includesCertificates?: true
}): (secret: ListedSecret) => boolean {
  const isNameWanted = matchName(pattern)
  const wantedTags = Object.entries(tags)
  return ({ name, isEnabled, isCertificate, tags: found }) =>
    isEnabled &&
    (includesCertificates === true || !isCertificate) &&
    wantedTags.every(([tag, value]) => found.get(tag) === value) &&
    isNameWanted(name)
}

/** Prepares to compare finds with secrets, whatever the tags of these are: any of the finds may find a secret that matches. */
export function matchAny(
  finds: readonly { readonly vault: string; readonly pattern: string }[],
): (secret: Pick<ObjectReference, 'vault' | 'type' | 'name'>) => boolean {
  const wanted = finds.map(({ vault, pattern }) => ({
    vault: vault.toLowerCase(),
    isNameWanted: matchName(pattern),
  }))
  return ({ vault, type, name }) =>
    type === 'secret' &&
    wanted.some((find) => find.vault === vault.toLowerCase() && find.isNameWanted(name))
}

/** Prepares to compare a pattern with names. */
export function matchName(pattern: string): (name: string) => boolean {
  const [first = '', ...others] = pattern.toLowerCase().split('*')
  const last = others.pop()
  return (written) => {
    const name = written.toLowerCase()
    if (last === undefined) return name === first
    if (!name.startsWith(first)) return false
    let end = first.length
    // The first place of each part leaves the most room for the next ones.
    for (const part of others) {
      const start = name.indexOf(part, end)
      if (start < 0) return false
      end = start + part.length
    }
    return name.length - end >= last.length && name.endsWith(last)
  }
}
