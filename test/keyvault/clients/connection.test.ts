import { once } from 'node:events'
import { request } from 'node:https'
import type { LookupFunction } from 'node:net'
import t from 'tap'
import { createConnection } from '../../../keyvault/clients/connection.ts'
import { createObjectReader } from '../../../keyvault/readers/object-reader.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { startProxy } from '../../support/servers/start-proxy.ts'
import { clientId } from '../../support/servers/start-test-emulator.ts'
import { connectTo, secret, secretValue, signInAt, startVault } from '../emulated-vault.ts'

t.test('sign-in and vaults go through HTTPS_PROXY, with the administrator’s CA', async (t) => {
  const emulator = await startVault(t)
  const proxy = await startProxy(t)
  for (const env of [
    { HTTPS_PROXY: proxy.url },
    { https_proxy: proxy.url.replace('http://', '') },
  ]) {
    proxy.asked.length = 0
    const agent = connectTo(t, emulator.caPem, env)
    const { token } = await signInAt(t, emulator, { agent })
    const { read } = createObjectReader({
      vaultUrl: emulator.vaultUrl,
      agent,
      token,
      principal: clientId,
    })
    t.equal(await secretValue(read(secret('db-password'))), 'correct horse')
    t.ok(proxy.asked.length > 0)
    for (const { url } of proxy.asked) t.equal(url, new URL(emulator.url).host)
  }
})

t.test('NO_PROXY names hosts and domains, with or without a dot in front', async (t) => {
  const proxy = await startProxy(t)
  const usesProxy = async (host: string, noProxy: string) => {
    proxy.asked.length = 0
    const agent = createConnection({ env: { HTTPS_PROXY: proxy.url, NO_PROXY: noProxy } })
    const lookup: LookupFunction = (_host, _options, done) => done(null, '127.0.0.1', 4)
    // Port 9 refuses, near or through the proxy.
    const asking = request({ host, port: 9, agent, lookup })
    await once(asking, 'error')
    return proxy.asked.length > 0
  }
  t.equal(await usesProxy('a.vault.example', ''), true)
  t.equal(await usesProxy('a.vault.example', 'other.example,10.0.0.0/8, .svc'), true)
  t.equal(await usesProxy('a.vault.example', 'ault.example'), true)
  for (const noProxy of ['a.vault.example', 'x, vault.example', '.vault.example', '*'])
    t.equal(await usesProxy('a.vault.example', noProxy), false, noProxy)
})

t.test('a proxy that refuses is a network failure, and no request bypasses it', async (t) => {
  const emulator = await startVault(t)
  for (const answer of [403, 407, 502]) {
    const proxy = await startProxy(t, { answer })
    const agent = connectTo(t, emulator.caPem, { HTTPS_PROXY: proxy.url })
    const { token } = await signInAt(t, emulator, { agent })
    await t.rejects(token(), { code: 'AKV_NETWORK' })
  }
  t.equal(emulator.requests.length, 0)
})

t.test('a proxy that is none is refused, without repeating its password', async (t) => {
  for (const proxy of ['not a url', 'http://', 'socks5://h:1', 'http://user:hunter2@'])
    t.throws(() => createConnection({ env: { HTTPS_PROXY: proxy } }), {
      code: 'AKV_CONFIG_INVALID',
      message: /^HTTPS_PROXY is not a valid proxy URL; accepted: (?!.*hunter2)/,
    })
})

t.test('a CA that holds no certificate is refused', async (t) => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
  for (const ca of ['', 'garbage', broken])
    t.throws(() => createConnection({ ca, env: {} }), { code: 'AKV_CONFIG_INVALID' })
})

t.test('NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing', async (t) => {
  const [emulator, other] = await Promise.all([startVault(t), issueTestAuthority()])
  t.intercept(process, 'env', {
    value: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  })
  const warnings = t.capture(process, 'emitWarning')
  const { token } = await signInAt(t, emulator, { agent: connectTo(t, other.certificatePem) })
  await t.rejects(token(), { code: 'AKV_TLS_UNTRUSTED' })
  t.equal(emulator.requests.length, 0)
  t.match(warnings(), [{ args: [/NODE_TLS_REJECT_UNAUTHORIZED/] }], 'Node has seen the variable')
})
