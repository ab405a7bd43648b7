import { readFileSync } from 'node:fs'
import { settingsFrom } from '../../command/review/settings-from.ts'
import type { TokenProxyState } from '../../lib/identity-binding/token-proxy.ts'
import { reasonOf } from '../../lib/reason-of.ts'
import { parseCa } from '../../lib/values/parse-ca.ts'

/**
 * Returns the token proxy from the administrator's settings. They have to be complete, because no API server is asked
 * for the rest.
 *
 * @throws InputError with every invalid setting
 */
export function tokenProxyFrom(env: NodeJS.ProcessEnv): TokenProxyState | undefined {
  const settings = settingsFrom(env).tokenProxy
  if (settings === undefined) return undefined
  const { url, serverName, caFile } = settings
  if (serverName === undefined)
    return unknown(
      'inject asks no API server for its certificate; set AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME',
    )
  try {
    const ca = parseCa(readFileSync(caFile, 'utf8'))
    return ca.kind === 'valid'
      ? { kind: 'known', proxy: { url, serverName, ca: ca.value } }
      : unknown(`AKV_INJECTOR_IDENTITY_BINDING_CA_FILE: ${ca.problem}`)
  } catch (error) {
    return unknown(`AKV_INJECTOR_IDENTITY_BINDING_CA_FILE cannot be read: ${reasonOf(error)}`)
  }
}

const unknown = (reason: string): TokenProxyState => ({ kind: 'unknown', reason })
