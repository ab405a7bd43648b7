import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { readKubeconfig } from './kubeconfig.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

function write(t: Test, user: object, context = 'here'): string {
  const folder = t.testdir({ 'client.key': 'the key' })
  const file = join(folder, 'config')
  const server = 'https://cluster.example:6443'
  const config = {
    'current-context': context,
    contexts: [
      { name: 'elsewhere', context: { cluster: 'b', user: 'b' } },
      { name: 'here', context: { cluster: 'a', user: 'a' } },
    ],
    clusters: [{ name: 'a', cluster: { server, 'certificate-authority-data': base64('the CA') } }],
    users: [{ name: 'a', user }],
  }
  writeFileSync(file, stringify(config))
  return file
}

t.test('a token', async (t) => {
  const access = readKubeconfig(write(t, { token: 'abc' }))
  t.match(access, { ca: 'the CA', token: 'abc', cert: undefined })
  t.equal(access.server.href, 'https://cluster.example:6443/')
})

t.test('a client certificate, in the file or beside it', async (t) => {
  const user = { 'client-certificate-data': base64('the certificate'), 'client-key': 'client.key' }
  t.match(readKubeconfig(write(t, user)), { cert: 'the certificate', key: 'the key' })
})

t.test(
  'a kubeconfig that signs in by a program is refused, and the error says what to do',
  async (t) => {
    const file = write(t, { exec: { command: 'kubelogin' } })
    t.throws(() => readKubeconfig(file), {
      message: /has neither a token nor a client certificate.*kubectl create token/,
    })
  },
)

t.test('a context that is not there is named', async (t) => {
  const file = write(t, { token: 'abc' }, 'nowhere')
  t.throws(() => readKubeconfig(file), {
    message: 'the kubeconfig has no entry "nowhere" in contexts',
  })
})
