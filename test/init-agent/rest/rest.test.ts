import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  type AgentConfig,
  startGateFileName,
  startGateVariable,
} from '../../../delivery/contract.ts'
import type { Emulator } from '../../../emulator/emulator.ts'
import { bindingAudience } from '../../../lib/azure/token-audience.ts'
import { freePorts } from '../../cluster/harness/free-ports.ts'
import { hasSignal } from '../../support/has-signal.ts'
import { clientId, startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { copyBundle } from '../../support/start-fast/copy-bundle.ts'
import { makePod, type Pod, type RunningAgent, secretFile, startAgent } from '../harness/pod.ts'
import { cannotMount, makeTmpfs, mountAt } from '../harness/tmpfs.ts'

const folder = t.testdir()
await copyBundle(folder)
const bundle = [join(folder, 'main.js')]

/** The first wait of an agent is a random part of its interval: of five minutes, half a second. */
const soon = join(folder, 'soon.cjs')
writeFileSync(soon, 'Math.random = () => 1 / 600')
const later = join(folder, 'later.cjs')
writeFileSync(later, 'Math.random = () => 0.999')
/** The agent changes its process after 6.5 s, long before its first refresh, if its interval is an hour. */
const between = join(folder, 'between.cjs')
writeFileSync(between, 'Math.random = () => 1 / 20')
const withoutExecve = join(folder, 'without-execve.cjs')
writeFileSync(withoutExecve, 'delete process.execve')
const refusedExecve = join(folder, 'refused-execve.cjs')
writeFileSync(refusedExecve, "process.execPath = '/nowhere'")

interface Setting extends Partial<AgentConfig> {
  /** Loaded before the program. */
  readonly preload?: string
  /** What Node runs. */
  readonly program?: readonly string[]
  readonly launcher?: readonly string[]
  /** Of the vault, as YAML. */
  readonly secrets?: string
  /** Whether it signs in by an identity binding, with tokens that last for one fetch. */
  readonly isBound?: true
  /** Called as the emulator gets the second read, before it answers. */
  readonly beforeSecondRead?: (emulator: Emulator) => void
}

const web = { namespace: 'default', serviceAccount: 'web' }
const boundVault = `
identities: [{ clientId: ${clientId}, boundAccounts: ['system:serviceaccount:default:web'] }]
vaults: { team-a: { readers: [${clientId}], secrets: { a: one } } }
`
/** A token is replaced five minutes before it expires. */
const boundOptions = { clusterId: '696995ccb303450001b31a18', tokenLifetimeSeconds: 299 }

async function startPod(t: Test, setting: Setting = {}) {
  const { preload = soon, launcher = [], secrets = 'a: one', program = bundle, ...more } = setting
  const { beforeSecondRead, isBound, ...config } = more
  const emulator = isBound
    ? await startTestEmulator(t, { yaml: boundVault, ...boundOptions })
    : await startTestEmulator(t, { secrets })
  if (beforeSecondRead) onSecondRead(t, () => beforeSecondRead(emulator))
  const overrides = {
    files: [secretFile('a')],
    refreshSeconds: 300,
    logLevel: 'info',
    ...config,
  } as const
  const { tokenProxy } = emulator
  const made = await makePod(t, emulator, {
    ...overrides,
    ...(tokenProxy && {
      version: 5,
      tokenProxy: { ...tokenProxy, ca: tokenProxy.caPem },
    }),
  })
  if (tokenProxy)
    writeFileSync(
      made.tokenFile,
      await emulator.serviceAccountToken({ ...web, audience: bindingAudience }),
    )
  // Only the volume is in memory, as in a pod.
  mountAt(made.files, makeTmpfs(t, 'size=8m'))
  const pod: Pod = { ...made, program, launcher }
  const agent = startAgent(t, pod, { NODE_OPTIONS: `--require=${JSON.stringify(preload)}` })
  await agent.line(/all files written/)
  return {
    emulator,
    agent,
    pod,
    file: () => readFileSync(join(pod.files, 'a'), 'utf8'),
    signIns: () => emulator.requests.filter(({ method }) => method === 'POST').length,
    reads: () => emulator.requests.filter(({ path }) => path.includes('/secrets/a')).length,
  }
}

/**
 * The agent's first wait is short, and all others take minutes. A test that changed the vault by itself could be later than the
 * refresh after the first wait, if the machine is slow.
 */
function onSecondRead(t: Test, change: () => void): void {
  let reads = 0
  const count = (message: unknown) => {
    const { request } = message as { request: IncomingMessage }
    if (!request.url?.includes('/secrets/a')) return
    reads += 1
    if (reads === 2) change()
  }
  const channel = 'http.server.request.start'
  subscribe(channel, count)
  t.teardown(() => unsubscribe(channel, count))
}

/** `waiting`: a process that only waits. `lite`: an agent that has replaced another process. `first`: as the container starts it. */
function formOf({ pid }: { readonly pid?: number | undefined }): 'waiting' | 'lite' | 'first' {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  if (args.includes('--wait')) return 'waiting'
  return args.includes('--resume-after') ? 'lite' : 'first'
}

/** Waits until the process is idle. Before that, its handlers may be missing, and a signal would end it at once. */
async function untilIdle({ process }: RunningAgent): Promise<void> {
  const used = () => readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(' ').slice(2, 15)
  for (let same = 0, before = ''; same < 20; await delay(10)) {
    const [state = '', ...figures] = used()
    const now = figures.slice(-2).join()
    same = state === 'S' && now === before ? same + 1 : 0
    before = now
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(5)
}

const skip = cannotMount()

t.test('after its rest, an agent signs in again by its identity binding', { skip }, async (t) => {
  const { agent, emulator, file, signIns } = await startPod(t, {
    isBound: true,
    beforeSecondRead: (emulator) => emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' }),
  })
  await until(() => formOf(agent.process) === 'waiting')
  await agent.line(/changed values written/)
  t.equal(file(), 'two')
  t.equal(signIns(), 0, 'Entra isn’t asked')
  const exchanges = emulator.tokenProxy?.requests.filter(({ method }) => method === 'POST') ?? []
  t.ok(exchanges.length >= 2, `there were ${exchanges.length} exchanges`)
  t.ok(exchanges.every(({ status }) => status === 200))
})

t.test(
  'an agent waits in a small process, and refreshes with the same token',
  { skip },
  async (t) => {
    const { agent, pod, file, signIns, reads } = await startPod(t, {
      beforeSecondRead: (emulator) => emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' }),
    })
    await until(() => formOf(agent.process) === 'waiting')
    await agent.line(/changed values written/)
    t.equal(file(), 'two')
    t.equal(signIns(), 1)
    t.equal(reads(), 2)
    await until(() => formOf(agent.process) === 'waiting')
    await untilIdle(agent)
    t.notOk(hasSignal(agent.process, 'SigCgt', 'SIGUSR1'), 'a debugger is never opened')
    agent.process.kill('SIGTERM')
    t.equal(await agent.exited, 0)
    t.strictSame(
      agent.lines.map(({ message }) => message),
      ['all files written', 'changed values written', 'received SIGTERM, stopping'],
      'the log doesn’t show it',
    )
    t.equal(readFileSync(pod.terminationLog, 'utf8'), '', 'nor does the last state')
  },
)

t.test('with a short interval it changes once, and keeps its token', { skip }, async (t) => {
  const { emulator, agent, file, signIns, reads } = await startPod(t, { refreshSeconds: 0.2 })
  await until(() => formOf(agent.process) === 'lite')
  const before = reads()
  await until(() => reads() > before + 5)
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  await until(() => file() === 'two')
  t.equal(formOf(agent.process), 'lite')
  t.notOk(hasSignal(agent.process, 'SigCgt', 'SIGUSR1'), 'a debugger is never opened')
  t.equal(signIns(), 1)
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})

// V8's lite mode can't strip types, and each form of an agent is to run from a checkout, too.
const programs = {
  'a bundle': bundle,
  sources: [join(import.meta.dirname, '../../../cli/main.ts')],
}
for (const [name, program] of Object.entries(programs))
  for (const form of ['waiting', 'lite'] as const)
    t.test(`from ${name}, an agent refreshes in the form “${form}”`, { skip }, async (t) => {
      const { agent, file } = await startPod(t, {
        program,
        ...(form === 'lite' && { refreshSeconds: 60 }),
        beforeSecondRead: (emulator) =>
          emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' }),
      })
      await until(() => formOf(agent.process) === form)
      await agent.line(/changed values written/)
      t.equal(file(), 'two')
      await until(() => formOf(agent.process) === form)
      await untilIdle(agent)
      agent.process.kill('SIGTERM')
      t.equal(await agent.exited, 0, agent.output())
    })

t.test('while a vault fails, it stays, and says so once', { skip }, async (t) => {
  const { agent } = await startPod(t, {
    beforeSecondRead: (emulator) =>
      emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } }),
  })
  await agent.line(/could not be refreshed/)
  await delay(200)
  t.equal(formOf(agent.process), 'first')
})

t.test('without execve it refreshes in its first process', { skip }, async (t) => {
  const setting = { preload: withoutExecve, refreshSeconds: 0.2 }
  const { emulator, agent, file, reads } = await startPod(t, setting)
  await until(() => reads() > 3)
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  await until(() => file() === 'two')
  t.equal(formOf(agent.process), 'first')
})

t.test('where execve fails, it restarts once, and then keeps its process', { skip }, async (t) => {
  const setting = { preload: refusedExecve, refreshSeconds: 0.2 }
  const { emulator, agent, pod, file } = await startPod(t, setting)
  t.not(await agent.exited, 0)
  t.match(agent.output(), 'process.execve failed with error code ENOENT')
  const restarted = startAgent(t, pod, {
    NODE_OPTIONS: `--require=${JSON.stringify(refusedExecve)}`,
  })
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'two' })
  await restarted.line(/changed values written/)
  t.equal(file(), 'two')
  emulator.rotate({ vault: 'team-a', name: 'a', value: 'three' })
  await until(() => file() === 'three')
  t.equal(formOf(restarted.process), 'first')
})

t.test(
  'with metrics it serves at once, changes later, and then knows the dates and latencies',
  { skip },
  async (t) => {
    const [metricsPort = 0] = await freePorts(1)
    const secrets = 'a: { value: one, expires: 2030-01-02T03:04:05Z }'
    // The first refresh is far away.
    const setting = { secrets, metricsPort, refreshSeconds: 3600, preload: between }
    const { agent, signIns, reads } = await startPod(t, setting)
    await until(() => formOf(agent.process) === 'lite')
    const isServing = ({ message = '' }) => message === 'serving metrics'
    await until(() => agent.lines.filter(isServing).length === 2)
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    const labels = 'vault="team-a",type="secret",name="a"'
    const expiry = Date.parse('2030-01-02T03:04:05Z') / 1000
    t.match(text, `akv_injector_agent_object_expiry_timestamp_seconds{${labels}} ${expiry}\n`)
    t.match(text, `akv_injector_agent_object_created_timestamp_seconds{${labels}} `)
    t.match(text, 'akv_injector_agent_staleness_seconds 0\n')
    const latency = 'akv_injector_agent_vault_request_duration_seconds'
    t.match(text, `${latency}_count{vault="team-a",outcome="ok"} 1\n`, 'the first fetch counts')
    t.equal(signIns(), 1)
    t.equal(reads(), 1)
  },
)

t.test(
  'with stale-after it marks the pod as ready, and a restarted agent keeps its process and the mark',
  { skip },
  async (t) => {
    const setting = { version: 3, staleAfterSeconds: 7200, refreshSeconds: 3600 } as const
    const { agent, pod, emulator } = await startPod(t, { ...setting, preload: between })
    const isMarked = () => existsSync(join(pod.files, '..fresh'))
    await until(() => formOf(agent.process) === 'lite')
    await until(isMarked)
    agent.process.kill('SIGKILL')
    await agent.exited
    t.match(readFileSync(pod.terminationLog, 'utf8'), /^The agent was killed/)
    emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
    const restarted = startAgent(t, pod, { NODE_OPTIONS: `--require=${JSON.stringify(later)}` })
    await restarted.line(/could not be refreshed/)
    t.equal(formOf(restarted.process), 'first')
    t.ok(isMarked())
    t.strictSame(
      restarted.lines.map(({ message }) => message.split(';')[0]),
      ['using the complete set left by a previous run', 'some objects could not be refreshed'],
    )
  },
)

t.test('with a history it doesn’t wait in another process', { skip }, async (t) => {
  const { agent } = await startPod(t, { files: [secretFile('a', { versions: 2, path: 'h' })] })
  await until(() => formOf(agent.process) === 'lite')
  await delay(200)
  t.equal(formOf(agent.process), 'lite')
})

for (const form of ['waiting', 'lite'] as const)
  t.test(
    `one signal ends the first process of a container, also while Node starts the form “${form}”`,
    { skip },
    async (t) => {
      const held = join(t.testdir(), 'held.cjs')
      const goOn = `${held}-no-more`
      const flag = { waiting: '--wait', lite: '--resume-after' }[form]
      writeFileSync(
        held,
        `Math.random = () => 1 / 600
        const { existsSync } = require('node:fs')
        if (process.argv.includes('${flag}')) while (!existsSync(${JSON.stringify(goOn)}));`,
      )
      const launcher = ['unshare', '--fork', '--pid', '--kill-child']
      const more = form === 'lite' ? { refreshSeconds: 60 } : {}
      const { agent, pod, file } = await startPod(t, { launcher, preload: held, ...more })
      const { pid } = agent.process
      const inside = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
      await until(() => formOf({ pid: inside }) === form && handlesSigterm(inside))
      process.kill(inside, 'SIGTERM')
      await until(() => !handlesSigterm(inside))
      writeFileSync(goOn, '')
      t.equal(await agent.exited, 0)
      t.equal(file(), 'one')
      t.equal(readFileSync(pod.terminationLog, 'utf8'), '')
    },
  )

/** Whether a process has a handler for SIGTERM: Node's own, or the agent's. */
function handlesSigterm(pid: number): boolean {
  const [, caught] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (BigInt(`0x${caught}`) & (1n << 14n)) !== 0n
}

const gated = { version: 4, opensGate: true, preload: later } as const
const forms = {
  waiting: gated,
  lite: { ...gated, staleAfterSeconds: 7200 },
  first: { ...gated, preload: withoutExecve },
  'waiting without a gate': { preload: later },
} as const
for (const [form, setting] of Object.entries(forms))
  t.test(
    `one signal ends an agent that would be “${form}” later, and it has its first process still`,
    { skip },
    async (t) => {
      const launcher = ['unshare', '--fork', '--pid', '--kill-child']
      const { agent, pod } = await startPod(t, { ...setting, launcher })
      const { pid } = agent.process
      const inside = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
      if ('opensGate' in setting)
        await until(() => readFileSync(join(pod.env, startGateFileName), 'utf8') !== '')
      // An agent that changed its process at once would have done so by then.
      else await delay(1000)
      if (form === 'lite') await until(() => existsSync(join(pod.files, '..fresh')))
      t.equal(formOf({ pid: inside }), 'first')
      process.kill(inside, 'SIGTERM')
      t.equal(await agent.exited, 0)
    },
  )

t.test('an agent at a gate changes its process and leaves the gate open', { skip }, async (t) => {
  const startSoon = (setting: Setting) => startPod(t, { ...setting, preload: soon })
  const pods = await Promise.all([startSoon(forms.waiting), startSoon(forms.lite)])
  for (const [index, { agent, pod }] of pods.entries()) {
    await until(() => formOf(agent.process) === ['waiting', 'lite'][index])
    t.match(readFileSync(join(pod.env, startGateFileName), 'utf8'), startGateVariable)
  }
})
