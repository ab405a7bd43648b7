import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:https'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { findServerName } from '../../../lib/identity-binding/find-server-name.ts'
import { run, start } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

t.test('the emulator prints how to use it, and serves until SIGTERM', async (t) => {
  const folder = t.testdir()
  const { child, output, ended } = start([
    'emulator',
    '--data',
    'manifests/examples/vault.yaml',
    '--listen',
    '127.0.0.1:0',
    '--control-port',
    '0',
    '--ca-out',
    `${folder}/ca.crt`,
    '--dns-name',
    '*.vault.azure.net',
  ])
  while (!output.stdout.includes('Ctrl-C'))
    await new Promise((resolve) => child.stdout.once('data', resolve))
  const url = /AKV_INJECTOR_VAULT_URL=(\S+)/.exec(output.stdout)?.[1] ?? ''
  const agent = new Agent({ ca: readFileSync(`${folder}/ca.crt`) })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(
      `${url.replace('{vault}', 'team-a')}/secrets/db-password?api-version=7.6`,
      { agent },
      resolve,
    ).on('error', reject)
  })
  t.equal(response.statusCode, 401)
  t.match(response.headers['www-authenticate'], /^Bearer authorization="https:/)
  t.match(await text(response), 'Unauthorized')
  // As if DNS said that the vault is on this machine.
  const named = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { agent, port: new URL(url).port, servername: 'team-b.vault.azure.net' }
    const headers = { host: 'team-b.vault.azure.net' }
    get({ ...options, headers, path: '/secrets/x?api-version=7.6' }, resolve).on('error', reject)
  })
  t.equal(named.statusCode, 401)
  t.match(await text(named), 'Unauthorized')

  const control = /control +(\S+)/.exec(output.stdout)?.[1]
  const rotated = await fetch(`${control}/rotate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ vault: 'team-a', name: 'db-password', value: 'x' }),
  })
  t.match(await rotated.json(), { version: /^[0-9a-f]{32}$/ })
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test(
  'the emulator says in a sentence that a port is taken or a file can’t be written',
  async (t) => {
    const first = start(['emulator', '--listen', '127.0.0.1:0', '--control-port', '0'])
    while (!first.output.stdout.includes('Ctrl-C'))
      await new Promise((resolve) => first.child.stdout.once('data', resolve))
    const port = /^control +http:\/\/127\.0\.0\.1:(\d+)/m.exec(first.output.stdout)?.[1] ?? ''
    const taken = await run(['emulator', '--listen', '127.0.0.1:0', '--control-port', port])
    t.match(taken, { code: 1, stderr: /^akv-injector emulator: cannot start: .*EADDRINUSE/ })
    first.child.kill('SIGTERM')
    await first.ended
    const args = [
      '--listen',
      '127.0.0.1:0',
      '--control-port',
      '0',
      '--ca-out',
      '/nonexistent/ca.crt',
    ]
    t.match(await run(['emulator', ...args]), {
      code: 1,
      stderr: /^akv-injector emulator: cannot start: ENOENT/,
    })
  },
)

t.test('the emulator refuses what isn’t a DNS name', async (t) => {
  for (const name of ['*', 'a.*', 'A.example', '*.*.example', 'a b', ''])
    t.match(await runInProcess(['emulator', '--dns-name', name]), {
      code: 2,
      stderr: `--dns-name ${name}: expected a DNS name`,
    })
})

t.test('with a cluster, it prints what the webhook needs for identity bindings', async (t) => {
  const folder = t.testdir()
  const { child, output, ended } = start([
    ...['emulator', '--listen', '127.0.0.1:0', '--control-port', '0'],
    ...['--cluster-id', '696995ccb303450001b31a18', '--cluster-ca-out', `${folder}/cluster.crt`],
  ])
  while (!output.stdout.includes('Ctrl-C'))
    await new Promise((resolve) => child.stdout.once('data', resolve))
  const setting = (name: string) =>
    new RegExp(`^  AKV_INJECTOR_IDENTITY_BINDING${name}=(\\S+)$`, 'm').exec(output.stdout)?.[1] ??
    ''
  t.equal(setting(''), 'true')
  const ca = readFileSync(setting('_CA_FILE'), 'utf8')
  const url = setting('_TOKEN_PROXY')
  t.equal(await findServerName({ url, ca }, new AbortController().signal), setting('_SERVER_NAME'))
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('the emulator reports invalid data and addresses as invalid input', async (t) => {
  const folder = t.testdir({ 'v.yaml': 'vaults: [1]\nfoo: 1' })
  t.match(await runInProcess(['emulator', '--data', `${folder}/v.yaml`]), {
    code: 2,
    stderr: /v.yaml is not valid data for the emulator\n/,
  })
  for (const address of ['here', '/x:80', '::1:8444', 'localhost:70000'])
    t.match(await runInProcess(['emulator', '--listen', address]), {
      code: 2,
      stderr: `--listen ${address}: expected HOST:PORT`,
    })
  t.match(await runInProcess(['emulator', '--control-port', '70000']), {
    code: 2,
    stderr: /expected a port/,
  })
  for (const id of ['A', 'a.b', 'x'.repeat(64)])
    t.match(await runInProcess(['emulator', '--cluster-id', id]), {
      code: 2,
      stderr: `--cluster-id ${id}: expected a DNS label`,
    })
  t.match(await runInProcess(['emulator', '--cluster-ca-out', 'x']), {
    code: 2,
    stderr: /there is no cluster; name one with --cluster-id/,
  })
  for (const issuer of ['me', 'https://', 'http://127.0.0.1.example/'])
    t.match(await runInProcess(['emulator', '--issuer', issuer]), {
      code: 2,
      stderr: `--issuer ${issuer}: expected an https URL`,
    })
})
