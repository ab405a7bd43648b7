import { labelName, subdomainName, wrongName } from '../kubernetes/name-rules.ts'
import { type ListenAddress, parseListenAddress, wrongAddress } from '../lib/listen-address.ts'
import { printable } from '../lib/printable.ts'

/** Where the controller finds what it looks after. The defaults are the names that the install gives. */
export interface CertsSettings {
  readonly namespace: string
  /** The webhook's Service. */
  readonly service: string
  readonly caSecret: string
  readonly tlsSecret: string
  readonly webhookConfiguration: string
  readonly healthListen: ListenAddress
}

/** As the flags of `akv-injector certs` are written. */
export interface CertsFlags {
  readonly namespace: string
  readonly service: string
  readonly caSecret: string
  readonly tlsSecret: string
  readonly webhookConfiguration: string
  readonly healthListen: string
}

export const defaultFlags: CertsFlags = {
  namespace: 'akv-injector',
  service: 'akv-injector-webhook',
  caSecret: 'akv-injector-ca',
  tlsSecret: 'akv-injector-webhook-tls',
  webhookConfiguration: 'zz-akv-injector',
  healthListen: '0.0.0.0:8080',
}

/** Checks the flags, all at once: a name that no object can have would only be found by its absence. */
export function readFlags(
  flags: CertsFlags,
): { readonly settings: CertsSettings } | { readonly problems: readonly string[] } {
  const healthListen = parseListenAddress(flags.healthListen)
  const problems = [
    ...wrongName('--namespace', flags.namespace, labelName),
    ...wrongName('--service', flags.service, labelName),
    ...wrongName('--ca-secret', flags.caSecret, subdomainName),
    ...wrongName('--tls-secret', flags.tlsSecret, subdomainName),
    ...wrongName('--webhook-configuration', flags.webhookConfiguration, subdomainName),
    // The webhook mounts the one, and must never see the other's key.
    ...(flags.caSecret === flags.tlsSecret
      ? [`--tls-secret "${printable(flags.tlsSecret)}": must be another Secret than --ca-secret`]
      : []),
    ...(healthListen ? [] : [wrongAddress('--health-listen', flags.healthListen)]),
  ]
  return healthListen && problems.length === 0
    ? { settings: { ...flags, healthListen } }
    : { problems }
}
