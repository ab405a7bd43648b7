import { isVaultName } from '../../../keyvault/reference.ts'
import { isName, labelName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import { didYouMean } from '../../../lib/problems/did-you-mean.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import {
  type ListenAddress,
  listenAddressForm,
  parseListenAddress,
} from '../../../lib/server/listen-address.ts'
import { parseQuantity } from '../../../lib/values/quantity.ts'
import { trustedMetadata } from '../../secret/trusted-metadata.ts'

export function parseListen(text: string): Parsed<ListenAddress> {
  const value = parseListenAddress(text)
  return value === undefined ? invalid(listenAddressForm(8443)) : valid(value)
}

/** Reads an image reference. Refuses characters that can't be in one (a blank, a quote, a `$`), but checks nothing else. */
export function parseImage(text: string): Parsed<string> {
  return /^[0-9A-Za-z][\w.:/@-]{0,511}$/.test(text)
    ? valid(text)
    : invalid('expected an image reference, such as registry.example/akv-injector:1.0.0')
}

/** Reads a version of Kubernetes 1, as far as its minor version: `1.33`, `v1.33.4-gke.100`. */
export function parseKubernetesMinor(text: string): Parsed<number> {
  const [, minor] = /^v?1\.(\d{1,3})(?:[.+-][\w.+-]{0,100})?$/.exec(text) ?? []
  return minor === undefined
    ? invalid('expected a version of Kubernetes, such as 1.35')
    : valid(Number(minor))
}

export function parseVaultName(text: string): Parsed<string> {
  return isVaultName(text)
    ? valid(text.toLowerCase())
    : invalid('expected the name of a vault (not its URL): 3 to 24 letters, digits and hyphens')
}

/** Reads the URL of a proxy. It is written into pods, so it must not contain credentials. */
export function parseProxy(text: string): Parsed<string> {
  return /^https?:\/\/[^\s@/?#]+\/?$/.test(text) &&
    text.length <= maxProxyLength &&
    URL.canParse(text)
    ? valid(text)
    : invalid(
        'expected an http or https URL without credentials and path, such as http://proxy.example:3128',
      )
}

export function parseNoProxy(text: string): Parsed<string> {
  return /^[\w.:*/,[\]-]+$/.test(text) && text.length <= maxNoProxyLength
    ? valid(text)
    : invalid(
        `expected hosts, domains and address ranges with commas between them and no blanks, such as .internal.example,10.0.0.0/8, at most ${maxNoProxyLength} characters`,
      )
}

/** Reads the size of a volume, a quantity above zero. */
export function parseSize(text: string): Parsed<string> {
  return (parseQuantity(text) ?? 0) >= 1
    ? valid(text)
    : invalid('expected a quantity of bytes above zero, such as 16Mi')
}

export function parseFolder(text: string): Parsed<string> {
  return text === '' || text.includes('\0') ? invalid('expected the path of a folder') : valid(text)
}

export function parseFile(text: string): Parsed<string> {
  return text === '' || text.includes('\0') ? invalid('expected the path of a file') : valid(text)
}

/** Reads names of certificates with commas between them. An empty list is refused, because it could mean all or none. */
export function parseClientNames(text: string): Parsed<readonly string[]> {
  const names = text.split(',').map((name) => name.trim())
  return names.length <= maxClientNames && names.every(isClientName)
    ? valid(names)
    : invalid(
        `expected common names or DNS names of client certificates, without wildcards and with commas between them, such as kube-apiserver; at most ${maxClientNames}. Leave it out to accept every certificate of the CA`,
      )
}

/** A common name has at most 64 characters (RFC 5280, appendix A.1), and a DNS name 253. */
const isClientName = (name: string): boolean =>
  /^[\x21-\x7e](?:[\x20-\x7e]{0,252})$/.test(name) && !/^\.|\*/.test(name)

/**
 * Reads `namespace=vault+vault;namespace=…;*=…`. A namespace without vaults may use none.
 * An empty value is refused, because administrators may expect it to forbid all vaults, but an absent setting allows all.
 */
export function parseAllowedVaults(text: string): Parsed<ReadonlyMap<string, ReadonlySet<string>>> {
  const allowed = new Map<string, ReadonlySet<string>>()
  const entries = text.split(';').map((entry) => entry.trim())
  for (const entry of entries.filter((entry) => entry !== '')) {
    const [namespace = '', vaults, ...more] = entry.split('=').map((part) => part.trim())
    if (!namespacePattern.test(namespace) || vaults === undefined || more.length > 0)
      return invalid(`"${printable(entry)}": ${allowedVaultsForm}`)
    if (allowed.has(namespace)) return invalid(`namespace ${namespace} is given twice`)
    const names = vaults === '' ? [] : vaults.split('+').map((name) => name.trim())
    const wrong = names.find((name) => !isVaultName(name))
    if (wrong !== undefined)
      return invalid(`"${printable(wrong)}" isn't a valid vault name; ${allowedVaultsForm}`)
    allowed.set(namespace, new Set(names.map((name) => name.toLowerCase())))
  }
  return allowed.size === 0
    ? invalid(`${allowedVaultsForm}; leave it out to allow every vault`)
    : valid(allowed)
}

/**
 * Reads `namespace=entry+entry;namespace=…`: what Secret sync may write although other controllers trust it. An entry that isn't
 * in the list would have no effect, so it is most likely misspelt.
 */
export function parseAllowedMetadata(
  text: string,
): Parsed<ReadonlyMap<string, ReadonlySet<string>>> {
  const allowed = new Map<string, ReadonlySet<string>>()
  const parts = text.split(';').map((part) => part.trim())
  for (const part of parts.filter((part) => part !== '')) {
    const at = part.indexOf('=')
    const [namespace, list] = [part.slice(0, Math.max(at, 0)), part.slice(at + 1)]
    if (!isName(namespace, labelName))
      return invalid(`"${printable(part)}": ${allowedMetadataForm}`)
    if (allowed.has(namespace)) return invalid(`namespace ${namespace} is given twice`)
    const entries = list.split('+').map((entry) => entry.trim())
    const unknown = entries.find((entry) => !knownMetadata.includes(entry))
    if (unknown !== undefined)
      return invalid(
        `"${printable(unknown)}" isn't among the names, labels and annotations that are refused; ${didYouMean(unknown, knownMetadata)}`,
      )
    allowed.set(namespace, new Set(entries))
  }
  return valid(allowed)
}

const knownMetadata = [
  trustedMetadata.names,
  trustedMetadata.labels,
  trustedMetadata.annotations,
].flatMap((entries) => [...entries.keys()])
const allowedMetadataForm =
  'expected namespace=entry+entry;namespace=entry, such as argocd=argocd.argoproj.io/secret-type'

const namespacePattern = /^(\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$/
const allowedVaultsForm =
  'expected namespace=vault+vault;namespace=vault, "*" for all other namespaces'
const maxClientNames = 32
const maxProxyLength = 512
const maxNoProxyLength = 4096
