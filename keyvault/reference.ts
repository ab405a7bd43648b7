/** How a Key Vault object is named. Pure: the webhook, the agent and a browser page can all use it. */

/** A value, or a sentence that says what was found, what is accepted and what to do. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

/**
 * One object in a vault. Names compare without regard to case (see {@link referenceKey}): the vault's is kept in
 * lower case, as it becomes a host name; the object's as written, as it becomes a file name.
 */
export interface ObjectReference {
  readonly vault: string
  readonly type: ObjectType
  readonly name: string
  /** 32 hex digits, lower case. Absent: the newest. */
  readonly version?: string
}

export type ObjectType = 'secret'

// Grammar of DESIGN 3.1 that is known but not built yet: refused by name, never ignored.
const typesToCome: readonly string[] = ['key', 'cert', 'tls', 'pfx']

/** Key Vault's rule: 3 to 24 letters, digits and hyphens. A hyphen at either end would not be a host name. */
const vaultPattern = /^[0-9A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]$/
const namePattern = /^[0-9A-Za-z-]{1,127}$/
const versionPattern = /^[0-9A-Fa-f]{32}$/

export const isVaultName = (text: string): boolean => vaultPattern.test(text)
export const isObjectName = (text: string): boolean => namePattern.test(text)
export const isObjectVersion = (text: string): boolean => versionPattern.test(text)

/**
 * Reads `[vault:][type/]name[@version][#property][|base64]`, blanks around any part ignored.
 *
 * @param defaultVault - the vault that a reference without one means, if there is one
 */
export function parseReference(text: string, defaultVault?: string): Parsed<ObjectReference> {
  const [head = '', ...property] = text.split('#')
  if (property.length > 0)
    return { problem: `"#${shorten(property.join('#'))}": picking a property is not available yet` }
  const [place = '', ...encoding] = head.split('|')
  if (encoding.length > 0) {
    const found = encoding.join('|').trim()
    return found === 'base64'
      ? { problem: '"|base64" is not available yet' }
      : { problem: `"|${shorten(found)}" is unknown; the one suffix there is is "|base64"` }
  }

  const [path = '', ...versions] = place.split('@')
  const [vault, typed] = cutFirst(path, ':')
  const [type, name] = cutFirst(typed, '/')
  const version = versions.length > 0 ? versions.join('@').trim() : undefined

  if (type !== undefined && type !== 'secret')
    return {
      problem: typesToCome.includes(type)
        ? `type "${type}" is not available yet; only "secret" is`
        : `"${shorten(type)}" is no object type; accepted: ${['secret', ...typesToCome].join(', ')}`,
    }
  if (vault !== undefined && !isVaultName(vault))
    return { problem: `"${shorten(vault)}" is no vault name: 3 to 24 letters, digits and hyphens` }
  if (!isObjectName(name))
    return { problem: `"${shorten(name)}" is no object name: 1 to 127 letters, digits and hyphens` }
  if (version !== undefined && !isObjectVersion(version))
    return { problem: `"${shorten(version)}" is no version: 32 hexadecimal digits` }

  const named = vault ?? defaultVault
  if (named === undefined)
    return {
      problem:
        'no vault is named, here or as a default; write vault:name, or set the annotation akv-injector.io/vault',
    }
  return {
    value: {
      vault: named.toLowerCase(),
      type: 'secret',
      name,
      ...(version === undefined ? {} : { version: version.toLowerCase() }),
    },
  }
}

/** The same text for two references exactly when they name the same object. */
export function referenceKey({ vault, type, name, version }: ObjectReference): string {
  return `${vault}:${type}/${name.toLowerCase()}${version === undefined ? '' : `@${version}`}`
}

/** An object as messages name it: `secret team-a:db-password@0123…`. */
export function describeObject({ vault, type, name, version }: ObjectReference): string {
  return `${type} ${vault}:${name}${version === undefined ? '' : `@${version}`}`
}

/**
 * The base URL of a vault. The operator writes the template, the pod only the name, and a name
 * (see {@link isVaultName}) has no character that could end a host or a path segment.
 *
 * @param template - an https URL with `{vault}` in its host or its path
 * @throws Error when the name is none: nothing unchecked may come this far
 */
export function vaultUrl(template: string, vault: string): string {
  if (!isVaultName(vault)) throw new Error(`not a vault name: ${JSON.stringify(vault)}`)
  return template.replace('{vault}', vault.toLowerCase())
}

/** `a:b:c` cut at its first colon, both parts trimmed; the first is undefined where there is no colon. */
function cutFirst(text: string, separator: string): [string | undefined, string] {
  const at = text.indexOf(separator)
  return at < 0
    ? [undefined, text.trim()]
    : [text.slice(0, at).trim(), text.slice(at + separator.length).trim()]
}

/** What somebody wrote, safe and short enough to repeat to them in a message or a log line. */
export function shorten(text: string, maxLength = 80): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return JSON.stringify(cut.toWellFormed()).slice(1, -1)
}
