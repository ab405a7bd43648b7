import { readFileSync } from 'node:fs'
import t from 'tap'
import { emulatedAzure } from '../../../prove/plan/emulated-plan.ts'
import { allScenarios } from '../../../prove/scenarios/all-scenarios.ts'
import { readInstall } from '../../../prove/scenarios/find-requirements.ts'
import type { Look } from '../../../prove/scenarios/looks/look.ts'
import { callOf, readAnswer } from '../../../prove/scenarios/looks/look-once.ts'
import { runScenario } from '../../../prove/scenarios/run-scenario.ts'
import type { Scenario, ScenarioStep } from '../../../prove/scenarios/scenario.ts'
import type { ControlRequest, Ran, ToolCall, Tools } from '../../../prove/tools/tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { answerThatSays } from '../support/fake-tools.ts'
import { proofFacts } from '../support/proof-facts.ts'
import { ran } from '../support/ran.ts'

const scenarios = allScenarios(proofFacts)
const timeoutMs = 60_000
const denied = 'Error from server: admission webhook "pods.akv-injector.io" denied the request: no'

/** Answers each step as it expects, but the one that is broken. */
function toolsFor(scenario: Scenario, broken?: ScenarioStep) {
  const calls: ToolCall[] = []
  const requests: ControlRequest[] = []
  let at = 0
  const step = () => scenario.steps[at]
  const tools: Tools = {
    async run(call): Promise<Ran> {
      calls.push(call)
      const now = step()
      if (now === undefined || isRemoval(call)) return ran()
      if (now.kind === 'apply') {
        const isRefused = (now.expected === 'refused') !== (now === broken)
        if (now !== broken) at += 1
        return isRefused ? ran('', 1, denied) : ran()
      }
      if (now.kind === 'call' && now.call === call) {
        if (now !== broken) at += 1
        return ran('', now === broken ? 1 : 0)
      }
      // After the step that failed.
      if (restoringCalls(scenario).some((one) => one === call)) return ran()
      if (now.kind !== 'look') throw new Error(`${scenario.id}: no look is due`)
      t.strictSame(call, callOf(now.look))
      if (now === broken) return answerThatSays(now.look, wrong(now.look))
      at += 1
      return answerThatSays(now.look, now.expected)
    },
    async control(request) {
      requests.push(request)
      const now = step()
      if (now !== broken) at += 1
      return { status: now === broken ? 409 : 200, body: {} }
    },
  }
  return { tools, calls, requests }
}

const isRemoval = ({ args: [verb, object = ''] }: ToolCall) =>
  verb === 'delete' && /^(pod|deployment)\//.test(object)

const restoringCalls = ({ steps }: Scenario) =>
  steps.flatMap((step) => (step.kind === 'call' && step.restores ? [step.call] : []))

/** Something else than any scenario expects. */
function wrong(look: Look) {
  switch (look.at) {
    case 'exit':
      return 'exit-2'
    case 'agent-code':
      return 'AKV_INTERNAL'
    case 'admission':
      return look.agentCpu === undefined ? 'refused' : 'differs'
    case 'app':
      return 'not-started'
    case 'annotation':
      return 'absent'
    case 'leftovers':
      return 'present'
    case 'injection':
      return ['opt-out', 'off', 'uninstalled'].includes(look.pod) ? 'injected' : 'not-injected'
    case 'gate':
      return 'not-gated'
    default:
      return 'differs'
  }
}

const run = (scenario: Scenario, tools: Tools, abort = new AbortController().signal) =>
  runScenario(scenario, { tools, clock: fakeClock({}), abort, timeoutMs, azure: emulatedAzure })

t.test(
  'a scenario passes if every step sees what it expects, and its pods are removed',
  async (t) => {
    for (const scenario of scenarios) {
      const { tools, calls } = toolsFor(scenario)
      const outcome = await run(scenario, tools)
      t.match(outcome, { result: 'passed', step: scenario.steps.length }, scenario.id)
      const pods = scenario.steps.flatMap((step) =>
        step.kind === 'apply'
          ? step.objects.filter(({ kind }) => kind === 'Pod' || kind === 'Deployment')
          : [],
      )
      const deleted = calls.filter(({ args }) => args[0] === 'delete').flatMap(({ args }) => args)
      for (const { kind, metadata } of pods)
        t.ok(deleted.includes(`${kind.toLowerCase()}/${metadata['name']}`), scenario.id)
    }
  },
)

t.test('each step of each scenario can fail, and the outcome names it', async (t) => {
  let failures = 0
  for (const scenario of scenarios)
    for (const [index, step] of scenario.steps.entries()) {
      const { tools } = toolsFor(scenario, step)
      const outcome = await run(scenario, tools)
      const expected = 'expected' in step ? step.expected : 'changed'
      t.match(outcome, { result: 'failed', step: index + 1, expected }, scenario.id)
      t.not(outcome.seen, expected)
      failures += 1
    }
  t.ok(failures > 50, `${failures} failures`)
})

t.test(
  'a scenario that fails opens the vault that it shut, and doesn’t shut it any more',
  async (t) => {
    const isShut = (step: ScenarioStep) =>
      step.kind === 'change' && step.change.kind === 'network' && !step.change.isOpen
    let failures = 0
    for (const scenario of scenarios.filter(({ steps }) => steps.some(isShut)))
      for (const [index, broken] of scenario.steps.entries()) {
        const { tools, requests } = toolsFor(scenario, broken)
        await run(scenario, tools)
        const shuts = requests.filter((request) => 'body' in request)
        const expected = scenario.steps.slice(0, index + 1).filter(isShut)
        t.equal(shuts.length, expected.length, `${scenario.id} ${index}`)
        t.match(requests.at(-1), { path: '/faults', method: 'DELETE' }, `${scenario.id} ${index}`)
        failures += 1
      }
    t.equal(failures, 16)
  },
)

t.test('a scenario that fails leaves the webhook as it was', async (t) => {
  let failures = 0
  for (const scenario of scenarios.filter((one) => restoringCalls(one).length > 0))
    for (const broken of scenario.steps) {
      const { tools, calls } = toolsFor(scenario, broken)
      await run(scenario, tools)
      const last = calls.filter((call) => !isRemoval(call)).at(-1)
      t.equal(last, restoringCalls(scenario).at(-1), scenario.id)
      failures += 1
    }
  t.ok(failures >= 20, `${failures} failures`)
})

t.test('an apply that the webhook didn’t answer is repeated until the time is up', async (t) => {
  const scenario: Scenario = {
    id: 'init',
    sentence: '',
    // Only its looks wait for so long.
    waitsMs: 900_000,
    steps: [{ kind: 'apply', objects: [], expected: 'applied' }],
  }
  const late = 'failed calling webhook "pods.akv-injector.io": context deadline exceeded'
  let calls = 0
  const after = (count: number, end = ran()): Tools => ({
    run: async () => (++calls > count ? end : ran('', 1, late)),
    control: async () => ({ status: 200, body: {} }),
  })
  t.match(await run(scenario, after(2)), { result: 'passed', seconds: 4 })
  t.match(await run(scenario, after(1_000)), { result: 'failed', seen: 'unanswered', seconds: 60 })
  for (const [seen, said] of [
    ['refused', denied],
    ['not-applied', 'no such host'],
  ] as const) {
    calls = 0
    t.match(await run(scenario, after(0, ran('', 1, said))), { result: 'failed', seen, seconds: 0 })
    t.equal(calls, 1)
  }
})

t.test('a look repeats until it sees what is expected, or the time is up', async (t) => {
  const look: Look = { at: 'file', pod: 'web', path: 'a', wanted: { equals: 'x' } }
  const scenario: Scenario = {
    id: 'init',
    sentence: '',
    steps: [{ kind: 'look', look, expected: 'delivered' }],
  }
  let looks = 0
  const after = (count: number): Tools => ({
    run: async () => (++looks > count ? ran('x') : ran('', 1)),
    control: async () => ({ status: 200, body: {} }),
  })
  t.match(await run(scenario, after(5)), { result: 'passed', seconds: 10 })
  looks = 0
  const never = await run(scenario, after(1_000))
  t.match(never, { result: 'failed', seen: 'unreachable', seconds: timeoutMs / 1000 })
  t.equal(looks, 31)
  const stop = new AbortController()
  const stopping: Tools = {
    ...after(0),
    run: async () => {
      stop.abort()
      return ran('', 1)
    },
  }
  t.match(await run(scenario, stopping, stop.signal), { result: 'interrupted', step: 1 })
})

t.test('a refusal of anybody else isn’t the webhook’s', async (t) => {
  const [denial] = scenarios.filter(({ id }) => id === 'mistake-denied')
  for (const stderr of [
    '',
    'The connection to the server was refused',
    'admission webhook "x" denied',
  ])
    t.match(
      await run(denial as Scenario, {
        run: async () => ran('', 1, stderr),
        control: async () => ({ status: 200, body: {} }),
      }),
      { result: 'failed', seen: 'not-applied' },
    )
})

t.test('the last code of an agent is that of its start or of a refresh', (t) => {
  const seen = (...lines: readonly object[]) =>
    readAnswer(
      { at: 'agent-code', pod: 'a' },
      ran(lines.map((line) => JSON.stringify(line)).join('\n')),
    )
  const start = { level: 'error', code: 'AKV_FORBIDDEN' }
  const refresh = { level: 'warn', objects: [{ object: 'b', code: 'AKV_OBJECT_NOT_FOUND' }] }
  t.equal(seen(start, { level: 'info' }), 'AKV_FORBIDDEN')
  t.equal(
    seen(start, refresh, { level: 'info', objects: [{ object: 'b' }] }),
    'AKV_OBJECT_NOT_FOUND',
  )
  t.equal(seen(refresh, start), 'AKV_FORBIDDEN')
  t.equal(seen({ objects: ['AKV_FORBIDDEN', { code: 'x' }] }), 'no-code')
  t.end()
})

t.test('answers that nobody expects are read as something that no step expects', (t) => {
  const looks: readonly Look[] = [
    { at: 'agent-code', pod: 'a' },
    { at: 'gate', pod: 'a' },
    { at: 'secret', name: 'a', key: 'k', wanted: { equals: 'x' } },
    { at: 'exit', call: { tool: 'akv-injector', args: [] } },
  ]
  const texts = [
    '',
    '[]',
    'null',
    '"x"',
    '{"spec":{"initContainers":7},"data":[]}',
    '{"code":"toString"}',
    '{"code":7}',
  ]
  for (const text of texts)
    t.strictSame(
      looks.map((look) => readAnswer(look, { ...ran(text), code: undefined })),
      ['unreachable', 'unreachable', 'unreachable', 'no-exit'],
    )
  for (const text of texts) {
    const [code, gate, secret] = looks.map((look) => readAnswer(look, ran(text)))
    t.strictSame([code, gate, secret], ['no-code', 'not-gated', 'absent'], text)
  }
  t.end()
})

t.test('what an install has is read from its Deployments', async (t) => {
  const deployment = (container: object) =>
    JSON.stringify({ spec: { template: { spec: { containers: [container] } } } })
  const install = (parts: Readonly<Record<string, string>>) =>
    readInstall(
      {
        run: async ({ args }) => {
          const key = Object.keys(parts).find((name) => args.includes(name))
          return key === undefined ? ran('', 1) : ran(parts[key])
        },
        control: async () => ({ status: 200, body: {} }),
      },
      'akv-injector',
    )
  const fast = { name: 'AKV_INJECTOR_AGENT_FAST_START', value: 'true' }
  const binding = { name: 'AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY', value: 'https://x' }
  const all = await install({
    'akv-injector-webhook': deployment({ env: [fast, binding] }),
    'akv-injector-sync': deployment({
      args: ['sync', '--classes', '--external-secrets', '--rollouts'],
    }),
    version: JSON.stringify({ serverVersion: { gitVersion: 'v1.36.3-shop.internal' } }),
    nodes: JSON.stringify({ items: [{}, {}] }),
    deployments: JSON.stringify({ items: [] }),
  })
  t.strictSame([...(all?.has ?? [])].toSorted(), [
    'classes',
    'external-secrets',
    'fast-start',
    'identity-binding',
    'roll-outs',
    'secret-sync',
    'variables',
  ])
  t.match(all, { kubernetes: '1.36.3', nodes: 2 })
  const least = await install({
    'akv-injector-webhook': deployment({}),
    version: JSON.stringify({ serverVersion: { gitVersion: 'v1.34.1' } }),
  })
  t.match(least, { kubernetes: '1.34.1', nodes: 0 })
  t.equal(least?.has.size, 0)
  t.equal(await install({}), undefined)
})

t.test('docs/prove.md has a row for each scenario', (t) => {
  const page = readFileSync('docs/prove.md', 'utf8')
  const [, section = ''] = /^## Scenarios$(.*?)^## /ms.exec(page) ?? []
  const rows = [...section.matchAll(/^\| `([a-z][a-z-]*)` \| (.*) \|$/gm)].map(
    ([, id, sentence]) => [id, sentence],
  )
  t.strictSame(
    rows,
    scenarios.map(({ id, sentence }) => [id, sentence]),
  )
  t.end()
})
