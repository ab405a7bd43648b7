import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import type { Metrics } from '../server/metrics.ts'
import { followFiles } from './follow-files.ts'
import {
  readServingCertificate,
  type ServingCertificate,
  type TlsFiles,
  validityProblem,
} from './serving-certificate.ts'

interface WatchCertificateOptions {
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
 * Keeps a server's certificate in step with a folder. Resolves after the first check of the folder. A pair that can't be
 * used is reported once, and the certificate in use stays.
 */
export async function watchCertificate(
  options: WatchCertificateOptions,
): Promise<CertificateWatch> {
  const { folder, intervalMs, use, log, metrics } = options
  let current: ServingCertificate | undefined

  function load(pair: TlsFiles): void {
    const read = readServingCertificate(pair)
    if (read.kind === 'invalid') throw new Error(read.problem)
    use(read.value)
    current = read.value
    metrics.setCertificateExpiry(current.notAfter)
    log.info({ notAfter: current.notAfter }, 'serving certificate loaded')
  }

  const stop = await followFiles({
    intervalMs,
    read: () => readPair(folder),
    load,
    // The kubelet doesn't show the answer of a readiness probe, so the log has to say why the pod isn't ready.
    problem: () => current && validityProblem(current, new Date()),
    report(reason) {
      metrics.countReloadFailure()
      log.error({ folder, reason, inUse: current !== undefined }, 'no usable certificate found')
    },
  })
  return {
    problem: (now) =>
      current === undefined
        ? `there is no usable certificate in ${folder} yet`
        : validityProblem(current, now),
    stop,
  }
}

/** Undefined if the files changed between two reads, because the certificate and the key may be of different versions. */
async function readPair(folder: string): Promise<TlsFiles | undefined> {
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const cert = await read('tls.crt')
  const key = await read('tls.key')
  return (await read('tls.crt')) === cert ? { cert, key } : undefined
}
