import { X509Certificate } from 'node:crypto'
import type { Cloud } from '../../init-agent/contract.ts'
import type { Parsed } from '../../lib/parsed.ts'
import { reasonOf } from '../../lib/reason-of.ts'
import { parseChoice } from '../core/annotations/values/parse-choice.ts'
import type { SettingReader } from './setting-reader.ts'

const knownClouds = {
  public: {
    authorityHost: 'https://login.microsoftonline.com',
    vaultUrl: 'https://{vault}.vault.azure.net',
    audience: 'https://vault.azure.net',
  },
  usgov: {
    authorityHost: 'https://login.microsoftonline.us',
    vaultUrl: 'https://{vault}.vault.usgovcloudapi.net',
    audience: 'https://vault.usgovcloudapi.net',
  },
  china: {
    authorityHost: 'https://login.chinacloudapi.cn',
    vaultUrl: 'https://{vault}.vault.azure.cn',
    audience: 'https://vault.azure.cn',
  },
} as const satisfies Record<string, Cloud>

/**
 * What the agents may talk to. `custom` is for sovereign and private clouds and for the emulator: there the operator
 * says where everything is. A setting that only `custom` reads is refused elsewhere, as it would silently mean nothing.
 */
export function readCloud(reader: SettingReader, readFile: (path: string) => string): Cloud {
  const name = reader.optional('AKV_INJECTOR_CLOUD', parseCloudName) ?? 'public'
  if (name === 'custom') return readCustomCloud(reader, readFile)
  for (const setting of customSettings)
    reader.refuse(setting, `is only for AKV_INJECTOR_CLOUD=custom, and the cloud is ${name}`)
  return knownClouds[name]
}

function readCustomCloud(reader: SettingReader, readFile: (path: string) => string): Cloud {
  const ca = reader.optional('AKV_INJECTOR_CA_FILE', (path) => readCa(path, readFile))
  return {
    authorityHost:
      reader.required({
        name: 'AKV_INJECTOR_AUTHORITY_HOST',
        parse: parseAuthorityHost,
        sentence: 'is required with AKV_INJECTOR_CLOUD=custom: where tokens are asked for',
      }) ?? '',
    vaultUrl:
      reader.required({
        name: 'AKV_INJECTOR_VAULT_URL',
        parse: parseVaultUrl,
        sentence: 'is required with AKV_INJECTOR_CLOUD=custom: where the vaults are',
      }) ?? '',
    audience:
      reader.optional('AKV_INJECTOR_VAULT_AUDIENCE', parseAudience) ?? knownClouds.public.audience,
    ...(ca && { ca }),
  }
}

const parseCloudName = parseChoice(['public', 'usgov', 'china', 'custom'])
const customSettings = [
  'AKV_INJECTOR_AUTHORITY_HOST',
  'AKV_INJECTOR_VAULT_URL',
  'AKV_INJECTOR_VAULT_AUDIENCE',
  'AKV_INJECTOR_CA_FILE',
] as const

function readCa(path: string, readFile: (path: string) => string): Parsed<string> {
  try {
    return parseCa(readFile(path))
  } catch (error) {
    return { problem: `the file cannot be read: ${reasonOf(error)}` }
  }
}

/** Where tokens are asked for: an https origin, as the tenant follows it. */
export function parseAuthorityHost(text: string): Parsed<string> {
  const url = parsePlainUrl(text)
  return url === undefined || url.pathname !== '/'
    ? { problem: 'expected an https URL without a path, such as https://login.microsoftonline.com' }
    : { value: url.origin }
}

export function parseAudience(text: string): Parsed<string> {
  const url = parsePlainUrl(text)
  return url === undefined
    ? { problem: 'expected an https URL, such as https://vault.azure.net' }
    : { value: withoutSlash(url.href) }
}

/**
 * A vault's URL with one `{vault}` in it. A pod chooses what stands there, so it must not choose a domain that somebody
 * can register: in the host, `{vault}` is in the first label, and a domain of two labels or more follows.
 */
export function parseVaultUrl(text: string): Parsed<string> {
  const [before = '', after, ...more] = text.split(hole)
  if (after === undefined || more.length > 0) return { problem: vaultUrlForm }
  const url = parsePlainUrl(`${before}${standIn}${after}`)
  if (url === undefined || url.href.split(standIn).length !== 2) return { problem: vaultUrlForm }

  const [firstLabel = '', ...domain] = url.hostname.split('.').filter((label) => label !== '')
  const isInHost = url.hostname.includes(standIn)
  if (isInHost && (!firstLabel.includes(standIn) || domain.length < minDomainLabels))
    return {
      problem: `${vaultUrlForm}; in a host, {vault} is in the first label, before a domain of at least ${minDomainLabels} labels`,
    }
  return { value: withoutSlash(url.href).replace(standIn, hole) }
}

/**
 * The certificates of the file, and nothing else of it: they go into the pods as they are.
 * A private key that lies beside them is refused rather than published.
 */
export function parseCa(pem: string): Parsed<string> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return {
      problem: 'the file holds a private key; it would go into every pod: certificates only',
    }
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const ca = blocks.map((block) => `${block}\n`).join('')
  if (blocks.length === 0 || !blocks.every(isCertificate))
    return { problem: 'expected a file of certificates in PEM' }
  return ca.length > maxCaLength
    ? {
        problem: `the certificates exceed ${maxCaLength} bytes, and each pod carries them: keep the needed ones`,
      }
    : { value: ca }
}

/** `{vault}.com` would let a pod name any domain under .com, and the agent sends its token there. */
const minDomainLabels = 2
const maxUrlLength = 2048
const hole = '{vault}'
/** A legal vault name in lower case, which URL parsing leaves alone; 24 characters that nobody writes. */
const standIn = 'akvplaceholderplaceholde'
const vaultUrlForm =
  'expected an https URL with one {vault} in it, such as https://{vault}.vault.example or https://vault.example/{vault}, without user, query or fragment'

/** Well below what an agent's configuration may have (96 KiB, and Linux takes 128 KiB of one variable). */
const maxCaLength = 64 * 1024

/** An https URL without user, query and fragment. The search for the characters finds empty ones too (`https://a/?`). */
function parsePlainUrl(text: string): URL | undefined {
  if (text.length > maxUrlLength) return undefined
  const url = URL.parse(text)
  return url?.protocol === 'https:' && !/[@?#\\\s]/.test(text) ? url : undefined
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
