import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from './cluster.ts'
import { keep } from './keep.ts'
import type { Access } from './kubeconfig.ts'

export interface EmulatedAzure {
  readonly url: string
  readonly caPem: string
}

/**
 * `akv-injector emulator` as a process of its own, with the vaults of the examples, taking the tokens that this API
 * server issues: it fetches their keys from there, as Entra does.
 *
 * @param folder - for its files
 */
export async function startEmulatorFor(
  t: Test,
  { server, ca }: Access,
  folder: string,
): Promise<EmulatedAzure> {
  const [logFile, caFile] = [join(folder, 'emulator.log'), join(folder, 'emulator-ca.crt')]
  const issuerCaFile = join(folder, 'issuer-ca.crt')
  writeFileSync(issuerCaFile, ca ?? '')
  const kept = keep({
    program: process.execPath,
    args: [
      join(root, 'cli/main.ts'),
      'emulator',
      ...['--data', join(root, 'manifests/examples/vault.yaml')],
      ...['--listen', '127.0.0.1:0'],
      ...['--issuer', server.origin],
      ...['--ca-out', caFile],
    ],
    env: { NODE_EXTRA_CA_CERTS: issuerCaFile },
    logFile,
  })
  t.teardown(() => kept.kill())
  const url = () => /^Entra and Key Vault\s+(\S+)$/m.exec(readFileSync(logFile, 'utf8'))?.[1]
  await until(async () => url() !== undefined)
  return { url: url() ?? '', caPem: readFileSync(caFile, 'utf8') }
}

const root = join(import.meta.dirname, '../..')
