import { readFile } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import { certificateBlocks, parseCertificate } from '../../../lib/certificates.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { Metrics } from '../server/metrics.ts'
import { followFiles } from './follow-files.ts'

interface WatchClientCaOptions {
  /** A PEM file with the certificates of authorities. */
  readonly file: string
  readonly intervalMs: number
  /** Gives the checked certificates to the server. */
  readonly use: (ca: string) => void
  readonly log: FastifyBaseLogger
  readonly metrics: Metrics
}

interface ClientCaWatch {
  /** The reason why no client would be accepted, or undefined. */
  problem(): string | undefined
  stop(): void
}

/**
 * Keeps the authorities of clients in step with a file. Resolves after the first check of the file. A file that can't be
 * used is reported once, and the authorities in use stay.
 */
export async function watchClientCa(options: WatchClientCaOptions): Promise<ClientCaWatch> {
  const { file, intervalMs, use, log, metrics } = options
  let isLoaded = false
  const stop = await followFiles({
    intervalMs,
    read: () => readFile(file, 'utf8'),
    load(pem) {
      const read = readClientCa(pem)
      if (read.kind === 'invalid') throw new Error(read.problem)
      use(read.value.join('\n'))
      isLoaded = true
      log.info({ certificates: read.value.length }, 'CA of clients loaded')
    },
    report(reason) {
      metrics.countReloadFailure()
      log.error({ file, reason, inUse: isLoaded }, 'no usable CA of clients found')
    },
  })
  return {
    problem: () => (isLoaded ? undefined : `there is no usable CA of clients in ${file} yet`),
    stop,
  }
}

/**
 * Reads the certificates of a PEM file. OpenSSL would silently skip what it can't read, and then accept nobody. It builds
 * chains up to a root, so without one it would accept nobody either.
 */
function readClientCa(pem: string): Parsed<readonly string[]> {
  const begins = pem.match(/-----BEGIN CERTIFICATE-----/g) ?? []
  const blocks = certificateBlocks(pem)
  if (begins.length === 0) return invalid('expected a PEM file of certificates, found none in it')
  const certificates = blocks.map(parseCertificate)
  const wrong = [...certificates, undefined].indexOf(undefined) + 1
  if (wrong <= begins.length)
    return invalid(
      `expected a PEM file of certificates, but certificate ${wrong} of ${begins.length} can't be read`,
    )
  return certificates.some((certificate) => certificate?.checkIssued(certificate))
    ? valid(blocks)
    : invalid('expected the certificate of a root, found none that is self-signed; add it')
}
