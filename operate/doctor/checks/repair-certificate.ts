import { certificateMode, type Install } from '../model/find-install.ts'
import { nameOf } from '../model/objects.ts'

const repairs = {
  'self-managed':
    'look at the log of akv-injector-certs, which should correct it within a minute (docs/certificates.md)',
  'cert-manager':
    'look at kubectl get certificates, and whether cert-manager’s CA injector runs (docs/install.md, "The serving certificate")',
  files: 'renew the certificate, or correct certs.files.caBundle of the chart',
  unknown: 'docs/certificates.md says who renews the certificate',
} as const

/** Whether the certificate controller is scaled down, so that it has no log and corrects nothing. */
export const isControllerOff = ({ components: { certs } }: Pick<Install, 'components'>): boolean =>
  certs?.wantedReplicas === 0

/** What to do about a certificate that is wrong, by who looks after it. */
export function repairCertificate(install: Install): string {
  const { certs } = install.components
  return certs !== undefined && isControllerOff(install)
    ? `the certificate controller would correct it, but has no replicas: kubectl scale deployment ${nameOf(certs.deployment)} --namespace ${certs.namespace} --replicas 1`
    : repairs[certificateMode(install)]
}
