import { writeFileSync } from 'node:fs'
import t from 'tap'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { makePod, runToEnd, secretFile, secretVariable } from './harness/pod.ts'

const nobody = '33333333-3333-3333-3333-333333333333'

t.test('a wrong federation shows what was sent, but not the token', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')], timeoutSeconds: 0 })
  const token = await emulator.serviceAccountToken({
    namespace: 'default',
    serviceAccount: 'other',
  })
  writeFileSync(pod.tokenFile, token)
  const { output, termination } = await runToEnd(t, pod)
  t.match(termination, `issuer "${emulator.issuer}", subject "system:serviceaccount:default:other"`)
  t.match(output, `"issuer":"${emulator.issuer}"`, 'as a field of the log')
  t.match(output, /"azureIds":\{"traceId":"[^"]+","correlationId":"[^"]+","timestamp":"/)
  for (const part of token.split('.')) t.notMatch(output + termination, part)
})

t.test('no log contains a value or a token, whatever the SDKs are configured to log', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: hunter2-hunter2' })
  emulator.addFault({
    match: { service: 'vault' },
    action: { kind: 'malformed', body: '{"value":"hunter2-hunter2"' },
  })
  const wanted = { files: [secretFile('a')], env: [secretVariable('A', 'a')] }
  const config = { ...wanted, timeoutSeconds: 0 }
  const env = { AZURE_LOG_LEVEL: 'verbose', TYPESPEC_RUNTIME_LOG_LEVEL: 'verbose' }
  for (const exitCode of [1, 0]) {
    const pod = await makePod(t, emulator, config)
    if (exitCode === 0) emulator.clearFaults()
    const { code, output, termination } = await runToEnd(t, pod, env)
    t.equal(code, exitCode)
    t.notMatch(output, /azure:|typeSpecRuntime:/, 'neither variable reaches the SDKs')
    t.notMatch(output + termination, /hunter2|eyJ/)
  }
})

t.test('no environment variable of the SDKs sends a request elsewhere', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  const { code, output } = await runToEnd(t, pod, {
    AZURE_AUTHORITY_HOST: 'https://evil.example',
    AZURE_REGIONAL_AUTHORITY_NAME: 'westeurope',
    MSAL_FORCE_REGION: 'westeurope',
    REGION_NAME: 'westeurope',
    IDENTITY_ENDPOINT: 'https://evil.example',
    IDENTITY_HEADER: 'x',
    MSI_ENDPOINT: 'https://evil.example',
    AZURE_FEDERATED_TOKEN_FILE: '/etc/passwd',
    AZURE_CLIENT_ID: nobody,
    AZURE_TENANT_ID: nobody,
    ALL_PROXY: 'http://evil.example:1',
    HTTP_PROXY: 'no url',
  })
  t.equal(code, 0, output)
})
