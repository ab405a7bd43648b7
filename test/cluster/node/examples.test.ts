import { createPrivateKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import { example, exampleWithSupportedEnv } from '../client/examples.ts'
import { hasEnded, isRunning, openNode } from './harness/open-node.ts'

/** Runs the README's examples, all at the same time. They are unchanged, unless Kubernetes is too old for variables. */
const node = openNode(t)
const mount = '/mnt/secrets-store'
const password = 'correct horse battery staple'

const names = ['files', 'template', 'several-vaults', 'certificate', 'csi', 'job', 'refresh']
await node.apply(...names.flatMap(exampleWithSupportedEnv))
if (supportsEnv) await node.apply(...example('env'))

const pod = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name },
})
const running = async (name: string) => await node.untilPod(pod(name), isRunning)
const inDefault = { namespace: 'default' }

t.test('the files exist before the app starts', async (t) => {
  const files = await running('files')
  const read = (path: string) => node.exec(files, 'app', 'cat', `${mount}/${path}`)
  t.equal(await read('db-password'), password)
  t.match(await read('creds/api.key'), /^.{32}$/)
  t.match(await node.logs(files, 'app'), /db-password/, 'the app has seen them')
  t.notMatch(await node.exec(files, 'app', 'ls', mount), 'retired', 'what may be absent')
})

t.test(
  supportsEnv
    ? 'variables are set, and the pod’s own variables can refer to them'
    : 'the example with variables is refused',
  async (t) => {
    if (!supportsEnv) {
      const [pod] = example('env').filter(({ kind }) => kind === 'Pod')
      const { status, body } = await node.create(pod as KubeObject)
      t.equal(status, 400)
      t.match(body.message, 'akv-injector.io/env: needs Kubernetes 1.35 or later')
      return
    }
    const env = await running('env')
    const variable = (name: string) => node.exec(env, 'app', 'sh', '-c', `printf %s "$${name}"`)
    t.equal(await variable('DB_PASSWORD'), password)
    t.match(await variable('API_KEY'), /^.{32}$/)
    t.equal(await variable('DATABASE_URL'), `postgres://app:${password}@db/app`)
  },
)

t.test('a template is filled, and one property of JSON is a file', async (t) => {
  const template = await running('template')
  const read = (path: string) => node.exec(template, 'app', 'cat', `${mount}/${path}`)
  t.match(
    await read('app.conf'),
    /^url = postgres:\/\/app:correct horse battery staple@db\/app\ntoken = .{24}\nflags = \n$/,
  )
  t.equal(await read('log-level'), 'info')
})

t.test('only the two named containers see the objects of two vaults', async (t) => {
  const several = await running('several-vaults')
  t.equal(await node.logs(several, 'migrate'), password, 'an init container among them')
  t.match(await node.exec(several, 'app', 'cat', '/etc/app/secrets/shared/token'), /^.{24}$/)
  await t.rejects(
    node.exec(several, 'metrics', 'ls', '/etc/app/secrets'),
    /No such file or directory/,
    'the third container sees no files',
  )
})

t.test('a certificate and its key are a pair', async (t) => {
  const certificate = await running('certificate')
  const read = (path: string) => node.exec(certificate, 'nginx', 'cat', `${mount}/${path}`)
  const leaf = new X509Certificate(await read('certs/tls.crt'))
  t.ok(leaf.checkPrivateKey(createPrivateKey(await read('certs/tls.key'))))
  t.match(await read('signing.pem'), /^-----BEGIN PUBLIC KEY-----/)
})

t.test('the objects of a SecretProviderClass become the same files', async (t) => {
  const csi = await running('csi')
  const read = (path: string) => node.exec(csi, 'app', 'cat', `${mount}/${path}`)
  t.equal(await read('db-password'), password)
  t.equal(await read('tls-passphrase/0'), 'new')
  t.equal(await read('tls-passphrase/1'), 'old')
  const mode = ['stat', '-L', '-c', '%a', `${mount}/web.pem`]
  t.equal((await node.exec(csi, 'app', ...mode)).trim(), '640')
})

t.test('a Job completes', async (t) => {
  const [found] = await node.pods({ ...inDefault, selector: 'job-name=report', count: 1 })
  const ended = await node.untilPod(found, hasEnded)
  t.equal(ended.status.phase, 'Succeeded')
  t.equal(await node.logs(ended, 'report'), 'done\n')
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { ...inDefault, name: 'report' } }
  await until(async () => {
    const { body } = await node.cluster.get(job)
    return (body['status'] as { succeeded?: number }).succeeded === 1
  })
})

t.test('the pods of a Deployment have the agent as a sidecar', async (t) => {
  const pods = await node.pods({ ...inDefault, selector: 'app=web', count: 2 })
  for (const found of pods) {
    const web = await node.untilPod(found, isRunning)
    const [agent] = web.status.initContainerStatuses ?? []
    t.match(agent, { name: 'akv-injector', ready: true, restartCount: 0 })
    t.equal(await node.exec(web, 'web', 'cat', `${mount}/db-password`), password)
  }
})
