import { labelName, subdomainName, wrongName } from '../lib/name-rules.ts'
import { printable } from '../lib/printable.ts'
import { allInvalid, type Checked, valid } from '../lib/problems/parsed.ts'
import {
  type ListenAddress,
  parseListenAddress,
  wrongAddress,
} from '../lib/server/listen-address.ts'

/** The names of the objects that the controller reads and writes. The defaults are the names of a default install. */
export interface CertsSettings {
  readonly namespace: string
  /** The webhook's Service. */
  readonly service: string
  readonly caSecret: string
  readonly tlsSecret: string
  readonly webhookConfiguration: string
  readonly healthListen: ListenAddress
}

/** The flags of `akv-injector certs`, as written. */
export interface CertsFlags extends Omit<CertsSettings, 'healthListen'> {
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

/** Checks all flags at once. An invalid name would otherwise look like a missing object. */
export function readFlags(flags: CertsFlags): Checked<CertsSettings> {
  const healthListen = parseListenAddress(flags.healthListen)
  const problems = [
    ...wrongName('--namespace', flags.namespace, labelName),
    ...wrongName('--service', flags.service, labelName),
    ...wrongName('--ca-secret', flags.caSecret, subdomainName),
    ...wrongName('--tls-secret', flags.tlsSecret, subdomainName),
    ...wrongName('--webhook-configuration', flags.webhookConfiguration, subdomainName),
    // The webhook mounts the serving certificate's Secret, and must never see the authority's key.
    ...(flags.caSecret === flags.tlsSecret
      ? [`--tls-secret "${printable(flags.tlsSecret)}": must be another Secret than --ca-secret`]
      : []),
    ...(healthListen ? [] : [wrongAddress('--health-listen', flags.healthListen)]),
  ]
  return healthListen && problems.length === 0
    ? valid({ ...flags, healthListen })
    : allInvalid(problems)
}
