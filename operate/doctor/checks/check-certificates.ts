import type { X509Certificate } from 'node:crypto'
import { certificateBlocks, parseCertificate } from '../../../lib/certificates.ts'
import { listNames } from '../../../lib/list-names.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import { type CheckResult, failed, passed, warned } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import { certificateMode, describeComponent, type Install } from '../model/find-install.ts'
import { conditionOf, nameOf, namespaceOf, textAt } from '../model/objects.ts'
import { isControllerOff, repairCertificate } from './repair-certificate.ts'

type CertificateFacts = Pick<ClusterFacts, 'nowMs' | 'servedCertificate' | 'certificates'>

const dayMs = 24 * 60 * 60 * 1000
/** The alert AkvInjectorCertificateExpires fires when this much time is left. */
const soonMs = 5 * dayMs

/** Checks that each entry has a valid CA, and that the CA verifies the certificate that the webhook serves. */
export function checkCertificates(
  facts: CertificateFacts,
  install: Install,
): readonly CheckResult[] {
  if (install.entries.length === 0) return []
  const mode = certificateMode(install)
  const repair = repairCertificate(install)
  const bundles = install.entries.map((entry) => ({
    entry: textAt(entry, 'name'),
    service: serviceName(entry),
    authorities: authoritiesIn(entry, facts.nowMs),
  }))
  const empty = bundles.filter(({ authorities }) => authorities.length === 0)
  const served = bundles
    .filter(({ authorities }) => authorities.length > 0)
    .slice(0, 1)
    .flatMap(({ service, authorities }) => checkServed(facts, { service, authorities, repair }))
  const isWrong = empty.length > 0 || served.some(({ mark }) => mark !== 'ok')
  return [
    ...(empty.length > 0
      ? empty.map(({ entry }) =>
          failed(
            `caBundle of ${entry} has no valid certificate, so the API server can’t call the webhook`,
            repair,
          ),
        )
      : [passed(`caBundle has a valid CA${mode === 'unknown' ? '' : ` (${mode})`}`)]),
    // What is wrong with the certificate already says that its controller is scaled down.
    ...(isWrong && isControllerOff(install) ? [] : checkController(install)),
    ...(mode === 'cert-manager' ? checkCertManager(facts, install) : []),
    ...served,
  ]
}

const serviceName = (entry: JsonObject): string =>
  `${textAt(entry, 'clientConfig', 'service', 'name')}.${textAt(entry, 'clientConfig', 'service', 'namespace')}.svc`

/** The API server accepts each certificate in `caBundle` as a trust anchor, self-signed or not. */
function authoritiesIn(entry: JsonObject, nowMs: number): readonly X509Certificate[] {
  const text = Buffer.from(textAt(entry, 'clientConfig', 'caBundle'), 'base64').toString()
  return certificatesIn(text).filter((certificate) => isValidAt(certificate, nowMs))
}

/** No bundle or chain should have more. */
const maxCertificates = 30

const certificatesIn = (pem: string): readonly X509Certificate[] =>
  certificateBlocks(pem)
    .slice(0, maxCertificates)
    .flatMap((block) => parseCertificate(block) ?? [])

const isValidAt = ({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean =>
  validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime()

function checkController(install: Install): readonly CheckResult[] {
  const { certs } = install.components
  if (certs === undefined) return []
  const name = describeComponent(certs)
  if (certs.readyReplicas > 0) return [passed(`${name} is ready`)]
  return isControllerOff(install)
    ? [
        warned(
          `${name} has no replicas, so nobody renews the certificate`,
          `kubectl scale deployment ${nameOf(certs.deployment)} --namespace ${certs.namespace} --replicas 1`,
        ),
      ]
    : [
        warned(
          `${name} isn’t ready, so nobody renews the certificate`,
          'it may be down for days without harm; its log names what is missing',
        ),
      ]
}

function checkCertManager(
  { certificates }: CertificateFacts,
  { namespace }: Install,
): readonly CheckResult[] {
  if (certificates === undefined) return []
  const ours = certificates.filter((one) => namespaceOf(one) === namespace)
  const failing = ours.filter((one) => textAt(conditionOf(one, 'Ready'), 'status') !== 'True')
  return failing.length === 0
    ? [passed(`certificates of cert-manager are ready: ${listNames(ours.map(nameOf)) || 'none'}`)]
    : failing.map((one) =>
        warned(
          `Certificate ${namespace}/${nameOf(one)} isn’t ready: ${textAt(conditionOf(one, 'Ready'), 'message')}`,
          `kubectl describe certificate ${nameOf(one)} --namespace ${namespace}`,
        ),
      )
}

function checkServed(
  { servedCertificate, nowMs }: CertificateFacts,
  {
    service,
    authorities,
    repair,
  }: {
    readonly service: string
    readonly authorities: readonly X509Certificate[]
    readonly repair: string
  },
): readonly CheckResult[] {
  if (servedCertificate === undefined) return []
  const [leaf, ...chain] = certificatesIn(servedCertificate)
  if (leaf === undefined)
    return [failed('the Secret of the serving certificate has none, so no replica starts', repair)]
  const end = leaf.validToDate
  const until = end.toISOString().slice(0, 10)
  if (!isValidAt(leaf, nowMs))
    return [failed(`the serving certificate is not valid now (it is until ${until})`, repair)]
  if (leaf.checkHost(service, { subject: 'never' }) === undefined)
    return [failed(`the serving certificate is not for ${service}`, repair)]
  if (!isTrusted(leaf, { chain, authorities }))
    return [
      failed('caBundle doesn’t verify the serving certificate: another CA has signed it', repair),
    ]
  return [
    end.getTime() - nowMs < soonMs
      ? warned(`the serving certificate is valid only until ${until}`, repair)
      : passed(`caBundle verifies the serving certificate, which is valid until ${until}`),
  ]
}

/** Whether a chain of these certificates leads from the leaf to an authority. */
function isTrusted(
  leaf: X509Certificate,
  {
    chain,
    authorities,
  }: {
    readonly chain: readonly X509Certificate[]
    readonly authorities: readonly X509Certificate[]
  },
): boolean {
  let at = leaf
  // Each step removes one certificate, so a circular chain ends, too.
  for (let left = chain; ; ) {
    const certificate = at
    if (authorities.some((one) => one.raw.equals(certificate.raw) || hasSigned(one, certificate)))
      return true
    const next = left.find((one) => hasSigned(one, certificate))
    if (next === undefined) return false
    left = left.filter((one) => one !== next)
    at = next
  }
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // OpenSSL throws if it doesn't know the type of the key.
    return false
  }
}
