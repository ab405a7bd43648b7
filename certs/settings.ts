/** Where the controller finds what it looks after. The defaults are the names that the install gives. */
export interface CertsSettings {
  readonly namespace: string
  /** The webhook's Service. */
  readonly service: string
  readonly caSecret: string
  readonly tlsSecret: string
  readonly webhookConfiguration: string
  readonly healthListen: { readonly host: string; readonly port: number }
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
  const healthListen = parseAddress(flags.healthListen)
  const problems = [
    ...wrongName('--namespace', flags.namespace, label),
    ...wrongName('--service', flags.service, label),
    ...wrongName('--ca-secret', flags.caSecret, subdomain),
    ...wrongName('--tls-secret', flags.tlsSecret, subdomain),
    ...wrongName('--webhook-configuration', flags.webhookConfiguration, subdomain),
    // The webhook mounts the one, and must never see the other's key.
    ...(flags.caSecret === flags.tlsSecret
      ? [`--tls-secret "${shorten(flags.tlsSecret)}": must be another Secret than --ca-secret`]
      : []),
    ...(healthListen
      ? []
      : [
          `--health-listen "${shorten(flags.healthListen)}": expected an address and a port, such as 0.0.0.0:8080 or [::]:8080`,
        ]),
  ]
  return healthListen && problems.length === 0
    ? { settings: { ...flags, healthListen } }
    : { problems }
}

interface NameRule {
  readonly pattern: RegExp
  readonly maxLength: number
  readonly sentence: string
}

/** RFC 1123, as Kubernetes reads it. */
const label: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  sentence: 'at most 63 lower case letters, digits and hyphens, none of these at an end',
}
const subdomain: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  maxLength: 253,
  sentence:
    'at most 253 lower case letters, digits, hyphens and dots, with a letter or digit at each end and beside each dot',
}

function wrongName(flag: string, value: string, rule: NameRule): readonly string[] {
  if (value.length <= rule.maxLength && rule.pattern.test(value)) return []
  return [`${flag} "${shorten(value)}": expected ${rule.sentence}`]
}

function parseAddress(text: string): CertsSettings['healthListen'] | undefined {
  const {
    1: bracketed,
    2: plain,
    3: port,
  } = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}

const shorten = (text: string) => text.slice(0, 80).replace(/\p{Cc}/gu, ' ')
