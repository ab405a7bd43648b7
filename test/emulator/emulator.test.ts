import { ClientAssertionCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import t from 'tap'
import { type Emulator, startEmulator } from '../../emulator/emulator.ts'
import { parseEmulatorData } from '../../emulator/parse-data.ts'

const yaml = `
identities:
  - clientId: 22222222-2222-2222-2222-222222222222
    federatedCredentials:
      - subject: system:serviceaccount:default:web
vaults:
  team-a:
    readers: [22222222-2222-2222-2222-222222222222]
    secrets:
      db-password: correct horse
`
const parsed = parseEmulatorData(yaml)
if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
const emulator = await startEmulator({ data: parsed.data })
t.teardown(() => emulator.close())

const client = secretClient(emulator)
t.test('a secret', async (t) => {
  const secret = await client.getSecret('db-password')
  t.equal(secret.value, 'correct horse')
  const version = emulator.rotate({ vault: 'team-a', name: 'db-password', value: 'v2' })
  const next = await client.getSecret('db-password')
  t.match(next, { value: 'v2', properties: { version } })
  for await (const p of client.listPropertiesOfSecrets()) t.equal(p.name, 'db-password')
  const response = await fetch(`${emulator.controlUrl}/rotate`, {
    method: 'POST',
    body: '{"vault":"team-a","name":"db-password"}',
    headers: { 'content-type': 'application/json' },
  })
  t.match(await response.json(), { version: /[0-9a-f]{32}/ })
})

function secretClient(emulator: Emulator) {
  const credential = new ClientAssertionCredential(
    '11111111-1111-1111-1111-111111111111',
    '22222222-2222-2222-2222-222222222222',
    () => emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' }),
    {
      authorityHost: emulator.url,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: emulator.caPem },
    },
  )
  return new SecretClient(emulator.vaultUrl.replace('{vault}', 'team-a'), credential, {
    disableChallengeResourceVerification: true,
    tlsOptions: { ca: emulator.caPem },
  })
}
