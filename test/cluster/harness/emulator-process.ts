import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Access } from '../client/kubeconfig.ts'
import { startOwnedProcess, untilReady } from './owned-process.ts'

export interface EmulatedAzure {
  readonly url: string
  readonly caPem: string
  /** The URL that rotations and faults are posted to. */
  readonly controlUrl: string
  /** The API server of an emulated AKS cluster, which exchanges tokens by identity bindings. */
  readonly tokenProxy: { readonly url: string; readonly caPem: string }
  stop(): Promise<unknown>
}

export interface EmulatorProcessOptions {
  /** The API server whose tokens the emulator accepts. It fetches the keys from there, as Entra does. */
  readonly access: Access
  /** The folder for the emulator's log and certificates. */
  readonly folder: string
  /** The address to listen on. */
  readonly host?: string
  /** The file that lists the vaults; by default the one of the examples. */
  readonly data?: string
  /** The DNS names of the vaults, besides the address. */
  readonly dnsNames?: readonly string[]
}

/** Starts `akv-injector emulator` as a process. */
export async function startEmulatorProcess(
  options: EmulatorProcessOptions,
): Promise<EmulatedAzure> {
  const { access, folder, host = '127.0.0.1', data = exampleData, dnsNames = [] } = options
  const [logFile, caFile] = [join(folder, 'emulator.log'), join(folder, 'emulator-ca.crt')]
  const clusterCaFile = join(folder, 'emulator-cluster-ca.crt')
  const issuerCaFile = join(folder, 'issuer-ca.crt')
  writeFileSync(issuerCaFile, access.ca ?? '')
  // An earlier process, whose addresses it has, may have had the same folder.
  rmSync(logFile, { force: true })
  const child = startOwnedProcess({
    program: process.execPath,
    args: [
      ...[join(root, 'cli/main.ts'), 'emulator'],
      ...['--data', data],
      ...['--listen', `${host}:0`],
      ...['--control-port', '0'],
      ...['--issuer', access.server.origin],
      ...['--ca-out', caFile],
      ...dnsNames.flatMap((name) => ['--dns-name', name]),
      ...['--cluster-id', '696995ccb303450001b31a18', '--cluster-ca-out', clusterCaFile],
    ],
    env: { NODE_EXTRA_CA_CERTS: issuerCaFile },
    logFile,
  })
  const printed = (what: string) =>
    new RegExp(`^${what}\\s+(\\S+)$`, 'm').exec(readFileSync(logFile, 'utf8'))?.[1]
  await untilReady(child, {
    ...{ name: 'the emulator', logFile },
    isReady: async () => printed('accepts tokens of') !== undefined,
  })
  return {
    url: printed('Entra and Key Vault') ?? '',
    controlUrl: printed('control') ?? '',
    caPem: readFileSync(caFile, 'utf8'),
    tokenProxy: {
      url: printed('token proxy') ?? '',
      caPem: readFileSync(clusterCaFile, 'utf8'),
    },
    stop: () => child.stop(),
  }
}

/** Starts the emulator for a test, and stops it when the test ends. */
export async function startEmulatorFor(
  t: Test,
  access: Access,
  folder: string,
): Promise<EmulatedAzure> {
  const azure = await startEmulatorProcess({ access, folder })
  t.teardown(() => azure.stop())
  return azure
}

const root = join(import.meta.dirname, '../../..')
const exampleData = join(root, 'manifests/examples/vault.yaml')
