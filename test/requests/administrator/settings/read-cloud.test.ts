import t from 'tap'
import { parseCa } from '../../../../lib/values/parse-ca.ts'
import {
  parseAuthorityHost,
  readCloud,
} from '../../../../requests/administrator/settings/read-cloud.ts'
import { settingReader } from '../../../../requests/administrator/settings/setting-reader.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'

/** Reads a setting of a custom cloud, and gives the cloud and what is wrong with the setting. */
function readCustom(name: string, text: string) {
  const reader = settingReader({ AKV_INJECTOR_CLOUD: 'custom', [name]: text })
  const { cloud } = readCloud(reader, () => '')
  const ofSetting = reader.problems.filter(({ path }) => path.includes(name))
  return { cloud, problem: ofSetting.map(({ sentence }) => sentence).join() }
}

t.test('the vault stands in the path, or in the first label of the host', async (t) => {
  const urls: [string, string][] = [
    ['https://{vault}.vault.example', 'https://{vault}.vault.example'],
    ['HTTPS://kv-{vault}.Vault.Example:8443/', 'https://kv-{vault}.vault.example:8443'],
    ['https://localhost:8444/{vault}', 'https://localhost:8444/{vault}'],
    ['https://vault.example/a/../b/{vault}/', 'https://vault.example/b/{vault}'],
  ]
  for (const [text, value] of urls)
    t.equal(readCustom('AKV_INJECTOR_VAULT_URL', text).cloud.vaultUrl, value, text)
})

t.test('a vault URL that a pod could turn to another host is refused', async (t) => {
  for (const text of [
    '',
    'https://vault.example',
    'http://{vault}.vault.example',
    'https://{vault}',
    'https://{vault}.com',
    'https://{vault}.com.',
    'https://kv-{vault}.com:8443/vaults',
    `https://{vault}.vault.example/${'/'.repeat(2100)}x`,
    'https://{vault}.',
    'https://{vault}:443/',
    'https://vault.{vault}',
    'https://vault.{vault}.example',
    'https://vault.example:{vault}',
    'https://{vault}@vault.example',
    'https://user@{vault}.vault.example',
    'https://{vault}.vault.example/{vault}',
    'https://vault.example/?{vault}',
    'https://{vault}.vault.example/?',
    'https://{vault}.vault.example/#',
    'https://{vault}.vault.example/#a',
    'https://vault.example/{vault}/..',
    'https://vault.example/{Vault}',
    'https://vault.example/%7Bvault%7D',
    'https://va ult.example/{vault}',
    'https://{vault}.vault.example\\@evil.example',
  ])
    t.match(
      readCustom('AKV_INJECTOR_VAULT_URL', text).problem,
      /expected an https URL with one \{vault\}/,
      text,
    )
})

t.test('the authority is an https origin', async (t) => {
  t.strictSame(parseAuthorityHost('https://Login.Example/'), {
    kind: 'valid',
    value: 'https://login.example',
  })
  for (const text of ['', 'login.example', 'http://login.example', 'https://login.example/common'])
    t.match(parseAuthorityHost(text), { problem: /expected an https URL without a path/ }, text)
})

t.test('the audience is an https URL', async (t) => {
  const name = 'AKV_INJECTOR_VAULT_AUDIENCE'
  const { cloud, problem } = readCustom(name, 'https://vault.example/x/')
  t.strictSame([cloud.audience, problem], ['https://vault.example/x', ''])
  for (const text of ['', 'vault.example', 'api://x', 'https://a.example?b', 'https://a@b.example'])
    t.match(readCustom(name, text).problem, /expected an https URL/, text)
})

t.test('only the certificates of a CA file are read', async (t) => {
  const { certificatePem, keyPem } = await issueTestAuthority()
  t.strictSame(parseCa(`# first\n${certificatePem}\n# again\n${certificatePem}`), {
    kind: 'valid',
    value: certificatePem + certificatePem,
  })
  t.match(parseCa(certificatePem + keyPem), { problem: /contains a private key/ })
  t.match(parseCa(certificatePem.repeat(200)), { problem: /larger than 65536 bytes/ })
  for (const text of ['', 'x', certificatePem.replace(/[A-Za-z]{9}/, 'AAAAAAAAA')])
    t.match(parseCa(text), { problem: /expected a PEM file of certificates/ })
})

t.test('settings that only a custom cloud reads are refused in other clouds', async (t) => {
  const env = {
    AKV_INJECTOR_AUTHORITY_HOST: 'https://login.example',
    AKV_INJECTOR_CA_FILE: '/ca.pem',
    AKV_INJECTOR_VAULT_AUDIENCE: 'https://vault.example',
    AKV_INJECTOR_VAULT_URL: 'https://user:hunter2@{vault}.example',
  }
  const reader = settingReader(env)
  readCloud(reader, () => '')
  t.strictSame(reader.problems.flatMap(({ path }) => path).sort(), Object.keys(env).sort())
  for (const { sentence } of reader.problems)
    t.match(sentence, 'is used only with AKV_INJECTOR_CLOUD=custom, but the cloud is public')
  t.notMatch(JSON.stringify(reader.problems), 'hunter2', 'and no password is repeated')
})

t.test('in China, both names of the authority are accepted, and no other host', async (t) => {
  const readChina = (host: string) => {
    const reader = settingReader({
      AKV_INJECTOR_CLOUD: 'china',
      AKV_INJECTOR_AUTHORITY_HOST: host,
    })
    const { authorityHost, vaultUrl } = readCloud(reader, () => '').cloud
    return { authorityHost, vaultUrl, problems: reader.problems.map(({ sentence }) => sentence) }
  }
  for (const authorityHost of [
    'https://login.chinacloudapi.cn',
    'https://login.partner.microsoftonline.cn',
  ])
    t.strictSame(readChina(`${authorityHost}/`), {
      authorityHost,
      vaultUrl: 'https://{vault}.vault.azure.cn',
      problems: [],
    })
  for (const host of [
    'https://login.microsoftonline.com',
    'https://login.partner.microsoftonline.cn.evil.example',
    'https://evil.login.partner.microsoftonline.cn',
    'http://login.chinacloudapi.cn',
    'https://login.chinacloudapi.cn/common',
    'login.chinacloudapi.cn',
    '',
  ])
    t.strictSame(
      readChina(host).problems,
      ['expected https://login.chinacloudapi.cn or https://login.partner.microsoftonline.cn'],
      host,
    )
})
