import { settingsFrom } from '../../../command/review/settings-from.ts'
import { type CloudName, cloudNames } from '../../../requests/administrator/policy.ts'
import type { Settings } from '../../../requests/administrator/settings/read-settings.ts'

/**
 * The settings of the demo's webhook: the administrator's own ones, with the emulator in place of the administrator's cloud, and
 * without the addresses and files of a container.
 *
 * @param added - further variables, which win
 * @throws InputError with every invalid setting
 */
export function demoSettings(added: Readonly<Record<string, string>>): Settings {
  const settings = settingsFrom({ ...process.env, ...fixedSettings, ...added })
  return { ...settings, policy: { ...settings.policy, cloudName: administratorsCloud() } }
}

/** The emulator stands in for it, so a SecretProviderClass may name it. */
const administratorsCloud = (): CloudName =>
  cloudNames.find((name) => name === process.env['AKV_INJECTOR_CLOUD']) ?? 'public'

const fixedSettings = {
  AKV_INJECTOR_AGENT_IMAGE: 'akv-injector:demo',
  AKV_INJECTOR_LISTEN: '127.0.0.1:0',
  AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
  AKV_INJECTOR_CLOUD: 'custom',
  AKV_INJECTOR_VAULT_AUDIENCE: 'https://vault.azure.net',
}
