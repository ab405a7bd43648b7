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
  /** Puts a pair that was checked into use. */
  readonly use: (certificate: ServingCertificate) => void
  readonly log: FastifyBaseLogger
  readonly metrics: Metrics
}

export interface CertificateWatch {
  /** Why no handshake would succeed at that time, or undefined. */
  problem(now: Date): string | undefined
  stop(): void
}

/**
 * Keeps a server's certificate as the folder has it; resolves when the folder has been looked at once. By content and
 * by polling: the kubelet swaps a link above the files, which watching the files wouldn't see. What can't be used is
 * reported once, not at every look, and the certificate in use stays.
 */
export async function watchCertificate(
  options: WatchCertificateOptions,
): Promise<CertificateWatch> {
  const { folder, intervalMs, use, log, metrics } = options
  let current: ServingCertificate | undefined
  let seen: TlsFiles | undefined
  let complaint: string | undefined

  function load(pair: TlsFiles): void {
    seen = pair
    const read = readServingCertificate(pair)
    if ('problem' in read) throw new Error(read.problem)
    use(read.value)
    current = read.value
    complaint = undefined
    metrics.setCertificateExpiry(current.notAfter)
    log.info({ notAfter: current.notAfter }, 'serving certificate loaded')
  }

  async function look(): Promise<void> {
    try {
      const pair = await readPair(folder)
      if (pair && (pair.cert !== seen?.cert || pair.key !== seen.key)) load(pair)
      // The kubelet doesn't show what a readiness probe answers, so the log has to say it.
      const invalid = current && validityProblem(current, new Date())
      if (invalid !== undefined) throw new Error(invalid)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === complaint) return
      complaint = reason
      metrics.countReloadFailure()
      log.error({ folder, reason, inUse: current !== undefined }, 'no usable certificate found')
    }
  }

  await look()
  let looking = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, intervalMs)
  return {
    problem: (now) =>
      current === undefined
        ? `there is no usable certificate in ${folder} yet`
        : validityProblem(current, now),
    stop: () => clearInterval(timer),
  }
}

/**
 * Undefined when the files changed between two reads: the certificate of one version and the key of another would be
 * a mismatch that the next look doesn't find.
 */
async function readPair(folder: string): Promise<TlsFiles | undefined> {
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const cert = await read('tls.crt')
  const key = await read('tls.key')
  return (await read('tls.crt')) === cert ? { cert, key } : undefined
}
