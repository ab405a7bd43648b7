import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { makePod, runToEnd, startAgent } from '../harness/pod.ts'
import { runAgentInProcess } from '../harness/run-agent-in-process.ts'

const finds = [{ path: 'shop', vault: 'team-a', pattern: 'shop-*' }]
const listOf = (folder: string) => readdirSync(join(folder, 'shop')).toSorted()

t.test('an agent reads all pages, and goes on after a restart', async (t) => {
  const names = Array.from({ length: 60 }, (_, i) => `shop-${i}`)
  const emulator = await startTestEmulator(t, {
    secrets: ['other: no', ...names.map((name) => `${name}: one`)].join('\n'),
  })
  const pod = await makePod(t, emulator, { version: 7, finds, refreshSeconds: 0.1 })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  t.strictSame(listOf(pod.files), names.toSorted())
  emulator.rotate({ vault: 'team-a', name: 'shop-3', value: 'two' })
  await agent.line(/changed values written/)
  t.equal(readFileSync(join(pod.files, 'shop/shop-3'), 'utf8'), 'two')
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)

  const again = startAgent(t, pod)
  await again.line(/using the complete set/)
  emulator.rotate({ vault: 'team-a', name: 'shop-59', value: 'three' })
  await again.line(/changed values written/)
  t.equal(readFileSync(join(pod.files, 'shop/shop-59'), 'utf8'), 'three')
  t.equal(listOf(pod.files).length, 60)
  again.process.kill('SIGTERM')
  t.equal(await again.exited, 0)
})

t.test('a listing that is throttled or fails in the middle begins again', async (t) => {
  const names = Array.from({ length: 60 }, (_, i) => `shop-${i}`)
  const emulator = await startTestEmulator(t, {
    secrets: names.map((name) => `${name}: one`).join('\n'),
  })
  const match = { service: 'vault', laterPage: true } as const
  emulator.addFault({ match, count: 1, action: { kind: 'status', status: 503 } })
  emulator.addFault({ match, count: 1, action: { kind: 'reset' } })
  const pod = await makePod(t, emulator, { version: 7, finds })
  const { code, output } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  t.strictSame(listOf(pod.files), names.toSorted(), 'never a part of the list')
  const isList = ({ path }: { readonly path: string }) => /^\/team-a\/secrets\/?$/.test(path)
  t.ok(emulator.requests.filter(isList).length >= 5, 'two lists failed at a later page')
})

t.test('what changes during a listing is in the next one', async (t) => {
  const names = Array.from({ length: 60 }, (_, i) => `shop-${i}`)
  const emulator = await startTestEmulator(t, {
    secrets: names.map((name) => `${name}: one`).join('\n'),
  })
  const pod = await makePod(t, emulator, {
    ...{ version: 7, finds, refreshSeconds: 0.1, onDeleted: 'remove' },
  })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  // The next list stops before its second page until its first page is out of date.
  const match = { service: 'vault', laterPage: true } as const
  emulator.addFault({ match, count: 1, action: { kind: 'delay', delayMs: 500 } })
  const before = emulator.requests.length
  while (emulator.requests.length < before + 2) await setTimeout(10)
  emulator.rotate({ vault: 'team-a', name: 'shop-0', value: 'two' })
  emulator.update({ vault: 'team-a', name: 'shop-9', deleted: true })
  const read = () => readFileSync(join(pod.files, 'shop/shop-0'), 'utf8')
  while (read() !== 'two' || listOf(pod.files).length > 59) await setTimeout(10)
  t.notOk(listOf(pod.files).includes('shop-9'))
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})

t.test('without the right to list, the message says what is needed', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'shop-a: one' })
  emulator.addFault({
    match: { service: 'vault', path: '/team-a/secrets' },
    action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
  })
  const pod = await makePod(t, emulator, { version: 7, finds, timeoutSeconds: 0 })
  const { code, termination } = await runAgentInProcess(pod)
  t.equal(code, 1)
  t.match(termination, /AKV_FORBIDDEN.*list of secrets in vault team-a/)
  t.match(termination, /List/)
})

t.test('the name of a hostile host’s secret can’t leave its folder', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'shop-a: one' })
  for (const name of ['../../x', 'shop-a/..', 'shop-\u0000', '']) {
    const id = `https://team-a/secrets/${encodeURIComponent(name)}`
    const body = JSON.stringify({ value: [{ id, attributes: { enabled: true } }], nextLink: null })
    emulator.clearFaults()
    emulator.addFault({
      match: { service: 'vault', path: '/team-a/secrets' },
      action: { kind: 'malformed', body },
    })
    const pod = await makePod(t, emulator, { version: 7, finds, timeoutSeconds: 0 })
    const { code, output } = await runToEnd(t, pod)
    t.equal(code, 1, output)
    t.strictSame(readdirSync(pod.files), [], 'nothing is written')
  }
})
