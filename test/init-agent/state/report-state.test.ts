import t, { type Test } from 'tap'
import type { AgentState, HeldObject } from '../../../delivery/agent-state.ts'
import type { AgentConfig } from '../../../delivery/contract.ts'
import type { RefreshState } from '../../../delivery/projection/refresh-content.ts'
import type { Sources } from '../../../delivery/projection/target-sources.ts'
import { wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import { reportState } from '../../../init-agent/state/report-state.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { memoryStateLog } from '../harness/memory-state-log.ts'
import { agentConfig, secretFile, secretVariable } from '../harness/pod.ts'
import { delivered } from '../harness/volume.ts'

const config = agentConfig({ files: [secretFile('a')], env: [secretVariable('A', 'a')] })
const key = 'team-a:secrets/a'
const [one = '', two = ''] = [1, 2].map((i) => `${i}`.repeat(32))
const made = (version: string): Sources => new Map([[key, [{ version }]]])
const both = (version: string) => [made(version), made(version)]
const hour = 3600_000

/** A pod with volumes, whose agent may start again. */
function startPod(t: Test) {
  const root = t.testdir({ files: {}, env: {} })
  const clock = fakeClock({})
  const volumes = (of: AgentConfig) => openVolumes(root, of)
  const write = (text: string) =>
    volumes(config).write({
      files: delivered({ a: text }),
      env: new Map([['A', Buffer.from(text)]]),
    })
  write('one')
  function startAgent(of: AgentConfig = config) {
    const { stateLog, lines, written } = memoryStateLog()
    const report = reportState({ config: of, volumes: volumes(of), clock, stateLog })
    const told = (): readonly AgentState[] =>
      written.map((line) => JSON.parse(line)).filter(({ message }) => message === 'state')
    return { ...report, stateLog, lines, told }
  }
  const pass = (ms: number) => clock.sleep(ms)
  return { clock, root, write, pass, startAgent }
}

const fetched = (version: string) => ({
  sources: both(version),
  refreshed: wantedObjects(config),
})

/** A refresh that failed. */
function failed(code: AkvErrorCode, goodAtMs: number) {
  const status = { failures: 1, dueAtMs: 0, goodAtMs }
  const statuses = (more: object): RefreshState['statuses'] =>
    new Map([[key, { ...status, ...more }]])
  const error = new AkvError(code, 'failed')
  return { ...fetched(one), statuses: statuses({ error }), statusesBefore: statuses({}) }
}

const firstOf = (states: readonly AgentState[]): readonly (HeldObject | undefined)[] =>
  states.map(({ objects: [object] }) => object)

t.test('a state is written at each change, failure and recovery, and not between', async (t) => {
  const { clock, pass, startAgent } = startPod(t)
  const agent = startAgent()
  const goodAtMs = clock.now()
  const counts: number[] = []
  const steps = [
    fetched(one),
    fetched(one),
    failed('AKV_NETWORK', goodAtMs),
    failed('AKV_NETWORK', goodAtMs),
    failed('AKV_FORBIDDEN', goodAtMs),
    fetched(one),
    fetched(one),
    fetched(two),
  ]
  for (const step of steps) {
    agent.report(step)
    counts.push(agent.told().length)
    await pass(60_000)
  }
  t.strictSame(counts, [1, 1, 2, 2, 3, 4, 4, 5])
  t.match(firstOf(agent.told()), [
    { versions: [one], failing: undefined },
    { versions: [one], failing: { code: 'AKV_NETWORK' } },
    { versions: [one], failing: { code: 'AKV_FORBIDDEN' } },
    { versions: [one], failing: undefined },
    { versions: [two], failing: undefined },
  ])
  const [, network, forbidden] = firstOf(agent.told())
  t.equal(network?.failing?.since, firstOf(agent.told())[0]?.since)
  t.equal(forbidden?.failing?.since, network?.failing?.since)
})

t.test('that a set couldn’t be written is a failure of what was fetched', async (t) => {
  const agent = startPod(t).startAgent()
  agent.report(fetched(one))
  agent.report({ ...fetched(one), writeError: 'AKV_VOLUME_FULL' })
  t.match(firstOf(agent.told())[1], { versions: [one], failing: { code: 'AKV_VOLUME_FULL' } })
})

t.test('a state is repeated after 12 hours at the latest', async (t) => {
  const { pass, startAgent } = startPod(t)
  const agent = startAgent()
  agent.report(fetched(one))
  t.equal(agent.dueInMs(), 12 * hour)
  await pass(10.5 * hour)
  agent.report(fetched(one))
  t.equal(agent.told().length, 1)
  t.equal(agent.dueInMs(), 1.5 * hour)
  await pass(hour)
  agent.report(fetched(one))
  t.equal(agent.told().length, 2, 'a refresh in the last hour repeats it')
  await pass(12 * hour)
  t.equal(agent.dueInMs(), 0)
  agent.report({ sources: both(one) })
  const [first, second, third] = agent.told()
  t.strictSame(third?.objects, first?.objects)
  t.equal(Date.parse(third?.at ?? '') - Date.parse(second?.at ?? ''), 12 * hour)
})

t.test('the next process of the container goes on silently', async (t) => {
  const { pass, startAgent } = startPod(t)
  const before = startAgent()
  before.report(fetched(one))
  for (let i = 0; i < 98; i++) before.stateLog.log.info('another line')
  before.save()
  await pass(hour)

  const agent = startAgent()
  agent.resume()
  t.strictSame(agent.told(), [])
  t.equal(agent.dueInMs(), 11 * hour)
  agent.report(fetched(one))
  t.strictSame(agent.told(), [], 'nothing has changed')
  agent.stateLog.log.info('the 99th')
  agent.stateLog.log.info('the 100th')
  t.strictSame(firstOf(agent.told()), firstOf(before.told()))
  agent.report(fetched(two))
  t.match(firstOf(agent.told())[1], {
    versions: [two],
    variables: [
      [one, before.told()[0]?.at],
      [two, String],
    ],
  })
})

t.test('a restarted container says at once what it holds', async (t) => {
  const { pass, startAgent } = startPod(t)
  const before = startAgent()
  before.report(fetched(one))
  await pass(hour)
  const agent = startAgent()
  agent.restart()
  t.strictSame(firstOf(agent.told()), firstOf(before.told()))
  t.not(agent.told()[0]?.at, before.told()[0]?.at)
})

t.test('a set that is newer than the record makes the versions unknown', async (t) => {
  const { write, startAgent } = startPod(t)
  startAgent().report(fetched(one))
  write('two')
  for (const goOn of ['restart', 'resume'] as const) {
    const agent = startAgent()
    agent[goOn]()
    const unknown = { object: 'secret team-a:a', variables: [], older: true }
    t.strictSame(firstOf(agent.told()), goOn === 'restart' ? [unknown] : [])
    agent.report(fetched(two))
    t.match(firstOf(agent.told()).at(-1), { versions: [two], since: undefined, older: true })
    write('three')
  }
})

t.test('a record of other objects says nothing', async (t) => {
  const { startAgent } = startPod(t)
  startAgent().report(fetched(one))
  const other = agentConfig({ files: [secretFile('b')], env: [secretVariable('A', 'b')] })
  const agent = startAgent(other)
  agent.restart()
  t.strictSame(firstOf(agent.told()), [{ object: 'secret team-a:b', variables: [], older: true }])
})
