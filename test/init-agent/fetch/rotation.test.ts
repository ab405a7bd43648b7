import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { isFuzzing } from '../../support/property-runs.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { makePod, secretFile, startAgent } from '../harness/pod.ts'
import { cannotMount, makeTmpfs } from '../harness/tmpfs.ts'

const rotations = isFuzzing ? 1000 : 100
const reader = fileURLToPath(new URL('../harness/set-reader.ts', import.meta.url))

/** A whole value says how long it is, and of which generation. */
const value = (generation: number) => {
  const length = 1000 + (generation % 7) * 1000
  return `${generation}:${length}:${'x'.repeat(length)}`
}

/** An application that is told of each change. `next` runs while the agent waits for the answer, so never in a fetch. */
async function startApplication(t: Test, next: () => void): Promise<string> {
  const server = createServer((_request, response) => {
    next()
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

t.test('a reader sees no torn, missing or half-written file in any rotation', async (t) => {
  const emulator = await startTestEmulator(t, {
    secrets: `a: '${value(0)}'\nb: '${value(0)}'\nstart: '0'`,
  })
  let generation = 0
  let finish = () => undefined as undefined
  const finished = new Promise<void>((resolve) => {
    finish = () => void resolve()
  })
  const notify = await startApplication(t, () => {
    if (generation === rotations) return finish()
    generation++
    for (const name of ['a', 'b'])
      emulator.rotate({ vault: 'team-a', name, value: value(generation) })
    return undefined
  })
  const pod = await makePod(t, emulator, {
    files: [secretFile('a'), secretFile('b', { path: 'folder/b' }), secretFile('start')],
    notify,
    refreshSeconds: 0.002,
    logLevel: 'info',
  })
  if (cannotMount() === false) makeTmpfs(t, 'size=1m', pod.files)
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)

  const reading = spawn(process.execPath, [reader, pod.files, 'a', 'folder/b'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => reading.kill('SIGKILL'))
  const lines = createInterface({ input: reading.stdout })
  await once(lines, 'line')
  // The pair itself is only ever changed while the agent waits for the application, so its two fetches agree.
  emulator.rotate({ vault: 'team-a', name: 'start', value: '1' })
  t.equal(await Promise.race([finished, agent.exited]), undefined, 'the agent goes on to the end')
  reading.kill('SIGTERM')
  const [result] = await once(lines, 'line')
  const { reads, pairs, problems } = JSON.parse(result)
  t.strictSame(problems, [])
  t.ok(reads > rotations, `${reads} reads`)
  t.ok(pairs > rotations / 2, `${pairs} pairs`)
  t.equal(generation, rotations)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})
