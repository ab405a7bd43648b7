import type { TokenProxySettings } from '../../../lib/identity-binding/token-proxy.ts'
import { isName, subdomainName } from '../../../lib/name-rules.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { parseBoolean } from '../../../lib/values/parse-boolean.ts'
import { parseFile } from './parse-setting-values.ts'
import { parseAuthorityHost } from './read-cloud.ts'
import type { SettingReader } from './setting-reader.ts'

const others = [
  'AKV_INJECTOR_IDENTITY_BINDING_CA_FILE',
  'AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME',
  'AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY',
] as const

/** Reads whether pods may sign in by identity bindings of AKS, and where. The other settings are refused without the switch. */
export function readTokenProxy(reader: SettingReader): TokenProxySettings | undefined {
  if (!reader.optional('AKV_INJECTOR_IDENTITY_BINDING', parseBoolean)) {
    for (const name of others)
      reader.refuse(name, 'is used only with AKV_INJECTOR_IDENTITY_BINDING=true')
    return undefined
  }
  const serverName = reader.optional('AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME', parseServerName)
  return {
    url:
      reader.optional('AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY', parseAuthorityHost) ??
      'https://kubernetes.default.svc.cluster.local',
    caFile:
      reader.optional('AKV_INJECTOR_IDENTITY_BINDING_CA_FILE', parseFile) ??
      '/etc/akv-injector/identity-binding/ca.crt',
    ...(serverName !== undefined && { serverName }),
  }
}

const parseServerName = (text: string): Parsed<string> =>
  isName(text, subdomainName)
    ? valid(text)
    : invalid('expected a DNS name in lower case, such as a….ests.aks')
