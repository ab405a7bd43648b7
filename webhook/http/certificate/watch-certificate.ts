import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setInterval } from 'node:timers'
import type { FastifyBaseLogger } from 'fastify'
import { reasonOf } from '../../../lib/reason-of.ts'
import type { Metrics } from '../metrics.ts'
import {
  readServingCertificate,
  type ServingCertificate,
  type TlsFiles,
  validityProblem,
} from './serving-certificate.ts'

export interface WatchCertificateOptions {
  /** The folder of `tls.crt` and `tls.key`. */
  readonly folder: string
  readonly intervalMs: number
  /** Gives a checked pair to the server. */
  readonly use: (certificate: ServingCertificate) => void
  readonly log: FastifyBaseLogger
  readonly metrics: Metrics
}

export interface CertificateWatch {
  /** The reason why no handshake would succeed at that time, or undefined. */
  problem(now: Date): string | undefined
  stop(): void
}

/**
 * Keeps a server's certificate in step with a folder. Resolves after the first check of the folder.
 *
 * It polls and compares contents, because the kubelet swaps a link above the files, which a watch of the files wouldn't
 * notice. A pair that can't be used is reported once, and the certificate in use stays.
 */
export async function watchCertificate(
  options: WatchCertificateOptions,
): Promise<CertificateWatch> {
  const { folder, intervalMs } = options
  const certificate = certificateOf(options)
  await certificate.check()
  let checking = Promise.resolve()
  const timer = setInterval(() => {
    checking = checking.then(certificate.check)
  }, intervalMs)
  return {
    problem(now) {
      const current = certificate.current()
      return current === undefined
        ? `there is no usable certificate in ${folder} yet`
        : validityProblem(current, now)
    },
    stop: () => clearInterval(timer),
  }
}

/** The certificate in use, and a check of the folder that may replace it. */
function certificateOf({ folder, use, log, metrics }: WatchCertificateOptions) {
  let current: ServingCertificate | undefined
  let seen: TlsFiles | undefined
  let reportedReason: string | undefined

  function load(pair: TlsFiles): void {
    seen = pair
    const read = readServingCertificate(pair)
    if (read.kind === 'invalid') throw new Error(read.problem)
    use(read.value)
    current = read.value
    reportedReason = undefined
    metrics.setCertificateExpiry(current.notAfter)
    log.info({ notAfter: current.notAfter }, 'serving certificate loaded')
  }

  async function check(): Promise<void> {
    try {
      const pair = await readPair(folder)
      if (pair && (pair.cert !== seen?.cert || pair.key !== seen.key)) load(pair)
      // The kubelet doesn't show the answer of a readiness probe, so the log has to say why the pod isn't ready.
      const invalid = current && validityProblem(current, new Date())
      if (invalid !== undefined) throw new Error(invalid)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === reportedReason) return
      reportedReason = reason
      metrics.countReloadFailure()
      log.error({ folder, reason, inUse: current !== undefined }, 'no usable certificate found')
    }
  }

  return { check, current: () => current }
}

/** Undefined if the files changed between two reads, because the certificate and the key may be of different versions. */
async function readPair(folder: string): Promise<TlsFiles | undefined> {
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const cert = await read('tls.crt')
  const key = await read('tls.key')
  return (await read('tls.crt')) === cert ? { cert, key } : undefined
}
