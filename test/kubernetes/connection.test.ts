import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { CoreV1Api } from '@kubernetes/client-node'
import t from 'tap'
import { openConnection } from '../../kubernetes/connection.ts'
import { kubeconfigText } from '../support/kubeconfig-text.ts'
import { startHttpsServer } from '../support/servers/start-https-server.ts'

t.test('a late failure does not cost the connection that was opened since', async (t) => {
  const held = new Map<string, ServerResponse>()
  const server = await startHttpsServer(t, ({ url = '' }, response) => {
    const name = url.split('/').at(-1) ?? ''
    if (name.startsWith('held')) held.set(name, response)
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const file = `${t.testdir()}/kubeconfig`
  writeFileSync(file, kubeconfigText({ server: server.url, caPem: server.caPem, token: 'x' }))
  process.env['KUBECONFIG'] = file
  const { configuration } = openConnection({ signal: new AbortController().signal })
  const core = new CoreV1Api(configuration)
  const read = (name: string) => core.readNamespacedSecret({ namespace: 'team-a', name })

  const failures = ['held-1', 'held-2'].map((name) => ({ name, failure: t.rejects(read(name)) }))
  while (held.size < failures.length) await setTimeout(10)
  t.equal(server.connections(), 2)
  for (const { name, failure } of failures) {
    held.get(name)?.destroy()
    await failure
    await read('good')
    t.equal(server.connections(), 3, `after ${name}`)
  }
})

t.test('a redirect isn’t followed, because the token is for this API server only', async (t) => {
  const paths: string[] = []
  const server = await startHttpsServer(t, ({ url = '' }, response) => {
    paths.push(url)
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const file = `${t.testdir()}/kubeconfig`
  writeFileSync(file, kubeconfigText({ server: server.url, caPem: server.caPem, token: 'x' }))
  process.env['KUBECONFIG'] = file
  const { configuration } = openConnection({ signal: new AbortController().signal })
  const core = new CoreV1Api(configuration)
  await t.rejects(core.readNamespacedSecret({ namespace: 'team-a', name: 'db' }), { code: 302 })
  t.strictSame(paths, ['/api/v1/namespaces/team-a/secrets/db'])
})

t.test('without a kubeconfig or a pod, an error says what to do', async (t) => {
  const folder = t.testdir({
    'http.yaml': kubeconfigText({ server: 'http://127.0.0.1:1', caPem: '', token: 'x' }),
    'not-a-kubeconfig.yaml': 'a: [',
  })
  const { HOME, KUBECONFIG } = process.env
  t.teardown(() => Object.assign(process.env, { HOME, KUBECONFIG }))
  const refusals: readonly (readonly [file: string, sentence: RegExp])[] = [
    ['', /no cluster is configured: run it as a pod .*, or name a kubeconfig with KUBECONFIG/],
    [`${folder}/none`, /^KUBECONFIG .*none cannot be read: ENOENT/],
    [folder, /cannot be read: EISDIR/],
    [`${folder}/not-a-kubeconfig.yaml`, /cannot be read: /],
    [`${folder}/http.yaml`, /names the server "http:.*"; expected an https URL/],
  ]
  process.env['HOME'] = folder
  for (const [file, sentence] of refusals) {
    process.env['KUBECONFIG'] = file
    t.throws(() => openConnection({ signal: new AbortController().signal }), sentence)
  }
})
