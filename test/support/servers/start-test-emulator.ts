import type { Test } from 'tap'
import { parseEmulatorData } from '../../../emulator/data/parse-data.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../../emulator/emulator.ts'
import { sharedCertificate } from './shared-certificates.ts'
import { sharedSigners } from './shared-signers.ts'

export const tenantId = '11111111-1111-1111-1111-111111111111'
/** Signs in as the service account `default:web`, and may read the vault `team-a`. */
export const clientId = '22222222-2222-2222-2222-222222222222'

export type TestEmulatorOptions = Partial<EmulatorOptions> & (VaultFile | VaultContent)

interface VaultFile {
  /** A whole vault file. */
  readonly yaml: string
}

interface VaultContent {
  /** YAML of the secrets in the vault `team-a`, each line `name: value`. */
  readonly secrets: string
  /** YAML of its other objects, each line `keys: …` or `certificates: …`. */
  readonly objects?: string
  /** YAML of other vaults, each line `name: { readers: …, secrets: … }`. */
  readonly vaults?: string
}

/** Starts an emulator in this process, with shared keys. It is closed when the test ends. */
export async function startTestEmulator(
  t: Pick<Test, 'teardown'>,
  options: TestEmulatorOptions,
): Promise<Emulator> {
  const parsed = parseEmulatorData('yaml' in options ? options.yaml : vaultFileOf(options))
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('\n'))
  const signers = await sharedSigners()
  const isLocal = options.listen === undefined && options.dnsNames === undefined
  const certificate = isLocal ? await sharedCertificate('emulator') : undefined
  const emulator = await startEmulator({ data: parsed.value, signers, certificate, ...options })
  t.teardown(() => emulator.close())
  return emulator
}

function vaultFileOf({ secrets, objects = '', vaults = '' }: VaultContent): string {
  const indented = (text: string, indent: string) => text.trim().replaceAll(/^/gm, indent)
  return `
identities:
  - clientId: ${clientId}
    federatedCredentials: [{ subject: 'system:serviceaccount:default:web' }]
vaults:
  team-a:
    readers: [${clientId}]
    secrets:
${indented(secrets, '      ')}
${indented(objects, '    ')}
${indented(vaults, '  ')}
`
}
