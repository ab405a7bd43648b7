import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { HeldObject } from '../../../delivery/agent-state.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import {
  makePod,
  type RunningAgent,
  readOr,
  runToEnd,
  secretFile,
  secretVariable,
  startAgent,
} from '../harness/pod.ts'
import { runAgentInProcess } from '../harness/run-agent-in-process.ts'

/** Waits until the agent has told this of its first object. */
async function untilTold(agent: RunningAgent, isTrue: (held: HeldObject) => boolean) {
  for (;;) {
    const [held] = agent.state()?.objects ?? []
    if (held && isTrue(held)) return held
    await delay(10)
  }
}

const vault = 'team-a'

t.test('an agent without refresh tells once what it holds', async (t) => {
  const emulator = await startTestEmulator(t, {
    secrets: 'a: swordfish\npinned: old\nhistory: h1',
  })
  const p2 = emulator.rotate({ vault, name: 'pinned', value: 'new' })
  emulator.rotate({ vault, name: 'pinned', value: 'newest' })
  const h2 = emulator.rotate({ vault, name: 'history', value: 'h2' })
  const pod = await makePod(t, emulator, {
    logLevel: 'error',
    files: [
      secretFile('a'),
      secretFile('pinned', { object: { vault, type: 'secret', name: 'pinned', version: p2 } }),
      secretFile('absent', { optional: true }),
      secretFile('history', { versions: 2 }),
    ],
    templates: [
      { path: 't', segments: ['x: ', { object: { vault, type: 'secret', name: 'a' } }, '\n'] },
    ],
    env: [secretVariable('A', 'a')],
  })
  const { code, output, state } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  t.equal(output.trimEnd().split('\n').length, 1, 'the level of the log is error')
  const [a, exact, absent, history] = state?.objects ?? []
  t.match(a, { object: 'secret team-a:a', versions: [/^[0-9a-f]{32}$/], older: undefined })
  t.strictSame(a?.variables, [[a?.versions?.[0], a?.since]])
  t.match(exact, { object: `secret team-a:pinned@${p2}`, versions: [p2], variables: undefined })
  t.strictSame(absent, { object: 'secret team-a:absent', versions: [] })
  t.equal(history?.versions?.length, 2)
  t.equal(history?.versions?.[0], h2)
  t.notMatch(output, /swordfish|newest/)
  t.equal(statSync(join(pod.env, '..versions')).mode & 0o7777, 0o400)
  t.notOk(readdirSync(pod.files).includes('..versions'), 'the app doesn’t see it')
  t.notMatch(readFileSync(join(pod.env, '..versions'), 'utf8'), /swordfish|newest/)

  const again = await runAgentInProcess(pod)
  t.equal(again.code, 0, again.output)
  t.strictSame(again.state?.objects, state?.objects, 'and after a restart again')
})

t.test('a sidecar tells changes, failures and recoveries', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    logLevel: 'warn',
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
    refreshSeconds: 0.1,
    onDeleted: 'remove',
  })
  const agent = startAgent(t, pod)
  const first = await untilTold(agent, ({ versions }) => versions?.length === 1)
  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 403 } })
  const failing = await untilTold(agent, ({ failing }) => failing !== undefined)
  t.match(failing, { versions: first.versions, failing: { code: /^AKV_[A-Z_]+$/ } })
  t.ok(Date.parse(failing.failing?.since ?? '') >= Date.parse(first.since ?? '') - 1000)
  emulator.clearFaults()
  const recovered = await untilTold(agent, ({ failing }) => failing === undefined)
  t.strictSame(recovered, first)

  const two = emulator.rotate({ vault, name: 'a', value: 'two' })
  const changed = await untilTold(agent, ({ versions }) => versions?.[0] === two)
  const [one = ''] = first.versions ?? []
  t.strictSame(changed.variables, [
    [one, first.since],
    [two, changed.since],
  ])
  emulator.update({ vault, name: 'a', deleted: true })
  const removed = await untilTold(agent, ({ failing }) => failing !== undefined)
  t.strictSame(removed.versions, [two], 'the variable stays')
  const before = agent.state()
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
  t.strictSame(agent.state()?.objects, before?.objects)
  t.equal(agent.state()?.objects.length, 1)
})

t.test('a killed agent remembers what the variables had', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    env: [secretVariable('A', 'a')],
    refreshSeconds: 0.1,
  })
  const agent = startAgent(t, pod)
  await untilTold(agent, ({ versions }) => versions?.length === 1)
  const two = emulator.rotate({ vault, name: 'a', value: 'two' })
  const before = await untilTold(agent, ({ versions }) => versions?.[0] === two)
  // The record is written after the line.
  while (!readOr(join(pod.env, '..versions')).includes(two)) await delay(10)
  agent.process.kill('SIGKILL')
  await agent.exited
  const again = startAgent(t, pod)
  t.strictSame(await untilTold(again, () => true), before)
  const three = emulator.rotate({ vault, name: 'a', value: 'three' })
  const after = await untilTold(again, ({ versions }) => versions?.[0] === three)
  t.equal(after.variables?.length, 3)
  t.equal(after.older, undefined)
  again.process.kill('SIGKILL')
  await again.exited

  rmSync(join(pod.env, '..versions'))
  const third = startAgent(t, pod)
  const unknown = await untilTold(third, () => true)
  t.match(unknown, { variables: { length: 0 }, older: true })
  t.match(await untilTold(third, ({ versions }) => versions?.[0] === three), { older: true })
})

t.test('if only one of two volumes could be switched, both versions are held', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
    refreshSeconds: 0.1,
  })
  const agent = startAgent(t, pod)
  const { versions: [one = ''] = [] } = await untilTold(agent, () => true)
  // In the way of the new link.
  mkdirSync(join(pod.files, '..data_tmp'))
  const two = emulator.rotate({ vault, name: 'a', value: 'two' })
  const held = await untilTold(agent, ({ failing }) => failing?.code === 'AKV_WRITE_FAILED')
  t.match(readOr(join(pod.env, 'env')), 'two')
  t.equal(readOr(join(pod.files, 'a')), 'one')
  t.strictSame(held.versions, [two, one])
  t.strictSame(
    held.variables
      ?.slice(1)
      .map(([version]) => version)
      .sort(),
    [one, two].sort(),
  )
  rmSync(join(pod.files, '..data_tmp'), { recursive: true })
  const after = await untilTold(agent, ({ failing }) => failing === undefined)
  t.equal(readOr(join(pod.files, 'a')), 'two')
  t.strictSame(after.versions, [two])
  t.equal(after.variables?.at(-1)?.[0], two)
})

t.test('the state of 500 objects takes several lines', async (t) => {
  const names = Array.from({ length: 500 }, (_, i) => `${'n'.repeat(40)}-${i}`)
  const emulator = await startTestEmulator(t, {
    secrets: names.map((name) => `${name}: swordfish`).join('\n'),
  })
  const pod = await makePod(t, emulator, {
    files: names.map((name) => secretFile(name)),
  })
  const { code, output, state } = await runToEnd(t, pod)
  t.equal(code, 0, output.slice(0, 1000))
  const lines = output.split('\n').filter((line) => line.includes('"message":"state"'))
  t.ok(lines.length > 4, `${lines.length} lines`)
  t.ok(lines.every((line) => line.length < 16 * 1024))
  t.equal(state?.objects.length, 500)
  t.equal(new Set(state?.objects.flatMap(({ versions }) => versions)).size, 500)
})
