import type { Cloud } from '../../../delivery/contract.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { parseCa } from '../../../lib/values/parse-ca.ts'
import { parseChoice } from '../../../lib/values/parse-choice.ts'
import { type CloudName, cloudNames } from '../policy.ts'
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
 * Another host that issues the same tokens. In China, azure-workload-identity and Azure's SDKs name the first one, and Entra
 * the second one, as the issuer of its tokens. A network may let pods reach only one of them.
 */
const otherAuthorities: Readonly<Partial<Record<CloudName, string>>> = {
  china: 'https://login.partner.microsoftonline.cn',
}

/**
 * Reads the cloud whose hosts the agents use. With `custom`, for sovereign and private clouds and the emulator, the
 * administrator sets each URL. In other clouds these settings are refused, because they would silently have no effect. Only the
 * authority of China has a second name.
 */
export function readCloud(
  reader: SettingReader,
  readFile: (path: string) => string,
): { readonly cloudName: CloudName; readonly cloud: Cloud } {
  const name = reader.optional('AKV_INJECTOR_CLOUD', parseChoice(cloudNames)) ?? 'public'
  if (name === 'custom') return { cloudName: name, cloud: readCustomCloud(reader, readFile) }
  const cloud = knownClouds[name]
  const other = otherAuthorities[name]
  for (const setting of customSettings)
    if (setting !== 'AKV_INJECTOR_AUTHORITY_HOST' || other === undefined)
      reader.refuse(
        setting,
        `is used only with AKV_INJECTOR_CLOUD=custom, but the cloud is ${name}`,
      )
  const authorityHost =
    other &&
    reader.optional('AKV_INJECTOR_AUTHORITY_HOST', (text) =>
      parseOneOf([cloud.authorityHost, other], text),
    )
  return { cloudName: name, cloud: { ...cloud, ...(authorityHost && { authorityHost }) } }
}

function parseOneOf(hosts: readonly string[], text: string): Parsed<string> {
  const parsed = parseAuthorityHost(text)
  return parsed.kind === 'valid' && hosts.includes(parsed.value)
    ? parsed
    : invalid(`expected ${hosts.join(' or ')}`)
}

function readCustomCloud(reader: SettingReader, readFile: (path: string) => string): Cloud {
  const ca = reader.optional('AKV_INJECTOR_CA_FILE', (path) => readCa(path, readFile))
  return {
    authorityHost:
      reader.required({
        name: 'AKV_INJECTOR_AUTHORITY_HOST',
        parse: parseAuthorityHost,
        sentence: 'is required with AKV_INJECTOR_CLOUD=custom: the URL that issues tokens',
      }) ?? '',
    vaultUrl:
      reader.required({
        name: 'AKV_INJECTOR_VAULT_URL',
        parse: parseVaultUrl,
        sentence: 'is required with AKV_INJECTOR_CLOUD=custom: the URL of the vaults',
      }) ?? '',
    audience:
      reader.optional('AKV_INJECTOR_VAULT_AUDIENCE', parseAudience) ?? knownClouds.public.audience,
    ...(ca && { ca }),
  }
}

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
    return invalid(`the file cannot be read: ${reasonOf(error)}`)
  }
}

/** Reads the URL that issues tokens. It can't have a path, because the tenant is appended to it. */
export function parseAuthorityHost(text: string): Parsed<string> {
  const url = parsePlainUrl(text)
  return url === undefined || url.pathname !== '/'
    ? invalid('expected an https URL without a path, such as https://login.microsoftonline.com')
    : valid(url.origin)
}

function parseAudience(text: string): Parsed<string> {
  const url = parsePlainUrl(text)
  return url === undefined
    ? invalid('expected an https URL, such as https://vault.azure.net')
    : valid(withoutSlash(url.href))
}

/**
 * Reads a vault's URL with one `{vault}` in it. Pods choose the vault's name, and must not be able to choose a domain
 * that somebody could register: in a host, `{vault}` is in the first label, before a domain of at least two labels.
 */
function parseVaultUrl(text: string): Parsed<string> {
  const [before = '', after, ...more] = text.split(placeholder)
  if (after === undefined || more.length > 0) return invalid(vaultUrlForm)
  const url = parsePlainUrl(`${before}${standIn}${after}`)
  if (url === undefined || url.href.split(standIn).length !== 2) return invalid(vaultUrlForm)

  const [firstLabel = '', ...domain] = url.hostname.split('.').filter((label) => label !== '')
  const isInHost = url.hostname.includes(standIn)
  if (isInHost && (!firstLabel.includes(standIn) || domain.length < minDomainLabels))
    return invalid(
      `${vaultUrlForm}; in a host, {vault} is in the first label, before a domain of at least ${minDomainLabels} labels`,
    )
  return valid(withoutSlash(url.href).replace(standIn, placeholder))
}

/** With `{vault}.com`, a pod could name any domain under .com, and the agent would send its token there. */
const minDomainLabels = 2
const maxUrlLength = 2048
const placeholder = '{vault}'
/** A valid vault name that URL parsing doesn't change, and that nobody would write. */
const standIn = 'akvplaceholderplaceholde'
const vaultUrlForm =
  'expected an https URL with one {vault} in it, such as https://{vault}.vault.example or https://vault.example/{vault}, without user, query or fragment'

/** Parses an https URL without user, query and fragment. The regular expression also finds empty ones (`https://a/?`). */
function parsePlainUrl(text: string): URL | undefined {
  if (text.length > maxUrlLength) return undefined
  const url = URL.parse(text)
  return url?.protocol === 'https:' && !/[@?#\\\s]/.test(text) ? url : undefined
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')
