import { writeFileSync } from 'node:fs'
import type { ExitCode } from '../../command/exit-code.ts'
import { InputError } from '../../command/input-error.ts'
import type { EmulatorData } from '../../emulator/data/data.ts'
import { isIssuer } from '../../emulator/data/is-issuer.ts'
import { parseEmulatorData } from '../../emulator/data/parse-data.ts'
import { type Emulator, startEmulator } from '../../emulator/emulator.ts'
import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { type ListenAddress, parseListenAddress } from '../../lib/server/listen-address.ts'
import { runUntilSignal, untilAborted } from '../../lib/server/run-until-signal.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { example } from '../../repository/input/example.ts'
import { readText } from '../../repository/input/text/read-text.ts'

interface EmulatorOptions {
  readonly data?: string
  /** `HOST:PORT` */
  readonly listen: string
  readonly controlPort: string
  readonly issuer?: string
  readonly caOut?: string
  readonly dnsName?: readonly string[]
  readonly clusterId?: string
  readonly clusterCaOut?: string
}

/**
 * `akv-injector emulator`: serves until SIGINT or SIGTERM.
 *
 * @throws InputError when the data or an address is invalid
 */
export async function emulator(options: EmulatorOptions): Promise<ExitCode> {
  const settings = {
    data: readEmulatorData(options.data ?? example('vault.yaml')),
    listen: parseAddress(options.listen),
    controlPort: parseControlPort(options.controlPort),
    issuer: parseIssuer(options.issuer),
    vaultDnsNames: options.dnsName?.map(parseDnsName),
    clusterId: parseClusterId(options),
  }
  return await runUntilSignal('emulator', async (signal) => {
    const running = await startEmulator(settings)
    try {
      if (options.caOut !== undefined) writeFileSync(options.caOut, running.caPem)
      if (options.clusterCaOut !== undefined)
        writeFileSync(options.clusterCaOut, running.tokenProxy?.caPem ?? '')
      printLines(process.stdout, howToUse(running, options))
      await untilAborted(signal)
    } finally {
      await running.close()
    }
  })
}

function howToUse(running: Emulator, { caOut, clusterCaOut }: EmulatorOptions): readonly string[] {
  const { tokenProxy } = running
  return [
    `Entra and Key Vault   ${running.url}`,
    `control               ${running.controlUrl}`,
    ...(tokenProxy ? [`token proxy           ${tokenProxy.url}`] : []),
    `accepts tokens of     ${running.issuer}`,
    '',
    'For the webhook, and for check, inject and fetch:',
    '  AKV_INJECTOR_CLOUD=custom',
    `  AKV_INJECTOR_AUTHORITY_HOST=${running.url}`,
    `  AKV_INJECTOR_VAULT_URL=${running.vaultUrl}`,
    `  AKV_INJECTOR_CA_FILE=${caOut ?? 'FILE (name one with --ca-out)'}`,
    ...(tokenProxy
      ? [
          '  AKV_INJECTOR_IDENTITY_BINDING=true',
          `  AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY=${tokenProxy.url}`,
          `  AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME=${tokenProxy.serverName}`,
          `  AKV_INJECTOR_IDENTITY_BINDING_CA_FILE=${clusterCaOut ?? 'FILE (name one with --cluster-ca-out)'}`,
        ]
      : []),
    '',
    'Press Ctrl-C to stop.',
  ]
}

/** @throws InputError with every problem of the file */
export function readEmulatorData(file: string): EmulatorData {
  const parsed = parseEmulatorData(readText(file))
  if (parsed.kind === 'valid') return parsed.value
  throw new InputError(
    `${file} is not valid data for the emulator`,
    parsed.problems.map((problem) => `  ${problem}`),
  )
}

function parseAddress(text: string): ListenAddress {
  const address = parseListenAddress(text)
  if (address !== undefined) return address
  throw new InputError(`--listen ${text}: expected HOST:PORT, such as 127.0.0.1:8444`)
}

function parseIssuer(text?: string): string | undefined {
  if (text === undefined || isIssuer(text)) return text
  throw new InputError(
    `--issuer ${text}: expected an https URL, such as https://oidc.example/cluster`,
  )
}

function parseDnsName(name: string): string {
  if (isName(name.replace(/^\*\./, ''), subdomainName)) return name
  throw new InputError(
    `--dns-name ${printable(name)}: expected a DNS name in lower case, such as *.vault.azure.net`,
  )
}

/** Checks the cluster ID, because it becomes part of a DNS name in a certificate. */
function parseClusterId({ clusterId, clusterCaOut }: EmulatorOptions): string | undefined {
  if (clusterId === undefined && clusterCaOut !== undefined)
    throw new InputError('--cluster-ca-out: there is no cluster; name one with --cluster-id')
  if (clusterId === undefined || isName(clusterId, labelName)) return clusterId
  throw new InputError(
    `--cluster-id ${clusterId}: expected a DNS label, such as 0123456789abcdef01234567`,
  )
}

function parseControlPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65535)
    throw new InputError(`--control-port ${text}: expected a port, 0 to 65535`)
  return port
}
