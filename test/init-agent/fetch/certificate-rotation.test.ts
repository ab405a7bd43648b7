import { createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { makePod, objectFile, secretFile, startAgent } from '../harness/pod.ts'

const wantedSets = 25

t.test('a certificate, its key and its secret are of one version while it rotates', async (t) => {
  const emulator = await startTestEmulator(t, {
    secrets: 'other: x',
    objects: 'certificates: { web: {} }',
  })
  const problems: string[] = []
  let sets = 0
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  /** The agent waits for the answer, so the set is this one for as long as it is looked at. */
  const server = createServer((_request, response) => {
    const text = (name: string) => readFileSync(join(pod.files, name), 'utf8')
    const leaf = new X509Certificate(text('web.crt'))
    const publicKey = createPublicKey(text('web.pub'))
    if (!leaf.publicKey.equals(publicKey)) problems.push(`set ${sets}: key`)
    for (const name of ['web.pem', 'tls/tls.crt', 'template'])
      if (!text(name).includes(leaf.toString())) problems.push(`set ${sets}: ${name}`)
    if (++sets === wantedSets) finish()
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const pod = await makePod(t, emulator, {
    files: [
      objectFile('cert', 'web', { path: 'web.crt' }),
      objectFile('key', 'web', { path: 'web.pub' }),
      secretFile('web', { path: 'web.pem', format: 'pem' }),
      objectFile('tls', 'web', { path: 'tls' }),
    ],
    templates: [{ path: 'template', segments: [objectFile('cert', 'web'), '\n'] }],
    refreshSeconds: 0.005,
    notify: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    logLevel: 'info',
  })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  const stop = new AbortController()
  const rotating = (async () => {
    while (!stop.signal.aborted) {
      emulator.rotate({ vault: 'team-a', name: 'web' })
      await setTimeout(4)
    }
  })()
  await Promise.race([finished, agent.exited])
  stop.abort()
  await rotating
  t.strictSame(problems, [])
  t.ok(sets >= wantedSets, `${sets} sets: ${agent.output()}`)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})
