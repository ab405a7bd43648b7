import { parseEmulatorData } from '../../emulator/data/parse-data.ts'
import { type Emulator, startEmulator } from '../../emulator/emulator.ts'
import { tokenAudience } from '../../lib/azure/token-audience.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { valueAt } from '../../lib/shape.ts'
import { emulatedAzure, emulatedContent } from '../plan/emulated-plan.ts'
import { type AccountName, type Facts, namespaceName } from '../plan/facts.ts'
import type { Made } from '../plan/made.ts'
import type { Tools } from '../tools/tools.ts'
import type { AnswerSource } from './record-answers.ts'

/** The public cloud. `prove` works in no other one. */
const publicCloud = {
  authorityHost: 'https://login.microsoftonline.com',
  vaultUrl: 'https://{vault}.vault.azure.net',
  audience: 'https://vault.azure.net',
}

interface SourceOptions {
  readonly tools: Tools
  readonly made: Made
  readonly vaultName: string
}

/** The subscription's Azure. Tokens are those of the scenarios' ServiceAccounts. */
export const subscriptionSource = (tenantId: string, options: SourceOptions): AnswerSource => ({
  ...{ cloud: publicCloud, tenantId, vaultName: options.vaultName, made: options.made },
  assertionOf: (account) => requestToken(options.tools, account),
})

/**
 * The emulator of the install.
 *
 * @throws Error if it doesn't say where it is, as older ones don't
 */
export async function installSource(options: SourceOptions): Promise<AnswerSource> {
  const { tools, made, vaultName } = options
  const { body } = await tools.control({ path: '/connection' })
  const textAt = (name: string) => {
    const text = valueAt(body, name)
    return typeof text === 'string' ? text : ''
  }
  const authorityHost = textAt('authorityHost')
  if (!URL.canParse(authorityHost))
    throw new Error('the emulator has no /connection in its control interface; use a newer one')
  return {
    cloud: {
      authorityHost,
      vaultUrl: textAt('vaultUrl'),
      audience: textAt('audience'),
      ca: textAt('ca'),
    },
    ...{ isLocal: true, tenantId: textAt('tenantId'), vaultName, made },
    assertionOf: (account) => requestToken(tools, account),
    throttle: () => tools.control({ path: '/faults', body: throttleOnce(vaultName) }),
  }
}

const throttleOnce = (vault: string) => ({
  match: { service: 'vault', vault } as const,
  count: 1,
  forMs: 60_000,
  action: { kind: 'throttle', retryAfterSeconds: 1 } as const,
})

/**
 * The token that the kubelet would give to a pod of this account. It stays in memory.
 *
 * @throws AkvError AKV_TOKEN_FILE if kubectl doesn't print one
 */
async function requestToken(tools: Tools, account: AccountName): Promise<string> {
  const { code, stdout } = await tools.run({
    tool: 'kubectl',
    args: [
      ...['create', 'token', account, '--namespace', namespaceName],
      ...['--audience', tokenAudience, '--duration=10m', '--request-timeout=30s'],
    ],
  })
  if (code === 0) return stdout.trim()
  throw new AkvError('AKV_TOKEN_FILE', `kubectl gives no token of the ServiceAccount ${account}`)
}

/** An emulator of this process with the same vault, as it is after the scenarios. */
export async function startOwnEmulator(
  facts: Facts,
): Promise<{ readonly emulator: Emulator; readonly source: AnswerSource }> {
  const parsed = parseEmulatorData(JSON.stringify(emulatedContent(facts)))
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('\n'))
  const emulator = await startEmulator({ data: parsed.value })
  const { vaultName: vault, known: made } = emulatedAzure
  emulator.update({ vault, name: 'deleted', deleted: true })
  const { tenantId, ...cloud } = emulator.connection
  const source: AnswerSource = {
    ...{ cloud, isLocal: true, tenantId, vaultName: vault, made },
    assertionOf: (serviceAccount) =>
      emulator.serviceAccountToken({ namespace: namespaceName, serviceAccount }),
    throttle: async () => emulator.addFault(throttleOnce(vault)),
  }
  return { emulator, source }
}
