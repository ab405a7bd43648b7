import t, { type Test } from 'tap'
import { makePod, runToEnd, secretFile } from '../../init-agent/harness/pod.ts'
import { logOf, stateOf, v1, v2, v3 } from '../../support/injected-pods/agent-log.ts'
import { agentImage, injectedPod, runningStatus } from '../../support/injected-pods/injected-pod.ts'
import { servePods } from '../../support/injected-pods/serve-pods.ts'
import { runInProcess as run } from '../../support/run-in-process.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'

// A wrong exit code 0 costs an outage: each sentence of docs/specification.md about what counts as not asked has a test. Each test first
// sees the gate open, so that only the thing it is about can shut it.

type Pod = ReturnType<typeof injectedPod>
type Container = Record<string, unknown> & {
  env: Record<string, unknown>[]
  volumeMounts: object[]
}

/** The pod with its agent's container, or its volumes, changed. */
function changed(pod: Pod, change: (container: Container, spec: { volumes: object[] }) => void) {
  const copy = structuredClone(pod)
  const spec = copy['spec'] as { initContainers: [Container]; volumes: object[] }
  change(spec.initContainers[0], spec)
  return copy
}

/** A cluster in which Pod `web` holds only v1 of db-password, so that the gate for v3 is open. */
async function serve(t: Test) {
  const served = await servePods(t)
  served.put(injectedPod(), logOf(stateOf()))
  const gate = (...more: readonly string[]) =>
    run([
      ...['who', 'team-a:db-password', '--version', v3, '--gate', '-A'],
      ...['--agent-image', agentImage, ...more, ...served.options],
    ])
  const open = await gate()
  t.match(open, { code: 0, stdout: /^the gate is open .*nobody of 1 that ask/ }, open.stderr)
  return { ...served, gate }
}

const shut = (why: RegExp) => ({
  code: 1,
  stdout: new RegExp(`${why.source}[\\s\\S]*the gate is shut`),
})
const newer = (pod: Pod) =>
  changed(pod, ({ env: [entry] }) => {
    Object.assign(entry as object, { value: '{"version":99,"other":true}' })
  })

t.test('an agent’s own log decides', async (t) => {
  const vault = 'team-a'
  const emulator = await startTestEmulator(t, { secrets: 'db-password: old' })
  const held = emulator.rotate({ vault, name: 'db-password', value: 'new' })
  const agent = await runToEnd(
    t,
    await makePod(t, emulator, { files: [secretFile('db-password')] }),
  )
  t.equal(agent.code, 0, agent.output)
  const { put, options } = await servePods(t)
  const ended = { terminated: { exitCode: 0, finishedAt: '2026-11-29T09:00:05Z' } }
  const status = {
    ...runningStatus,
    initContainerStatuses: [{ name: 'akv-injector', state: ended }],
  }
  const annotations = { vault, secrets: 'db-password' }
  put(injectedPod({ annotations, status }), agent.output)
  const gate = (version: string) =>
    run([
      ...['who', 'team-a:db-password', '--version', version, '--gate', '-A'],
      ...['--agent-image', agentImage, ...options],
    ])
  const holds = await gate(held)
  t.match(holds, { code: 1, stdout: /Pod\/web .* files / }, holds.stdout)
  t.match(await gate(v3), { code: 0 })
  put(injectedPod({ annotations, status }), agent.output.split('\n').slice(0, 1).join('\n'))
  t.match(await gate(v3), shut(/Pod\/web +1 +the log of its agent/))
})

t.test('a name that nobody asks for isn’t an open gate', async (t) => {
  const { put, options } = await serve(t)
  const gate = (object: string) =>
    run(['who', `${object}@${v3}`, '--gate', '-A', '--agent-image', agentImage, ...options])
  for (const object of ['team-a:db-pasword', 'team-b:db-password']) {
    const { code, stdout } = await gate(object)
    t.equal(code, 2)
    t.match(stdout, /^the gate is not open for .*: nobody asks for this object; check its name/)
  }
  const json = await run([
    ...['who', `team-a:none@${v3}`, '--gate', '-A', '-o', 'json', '--agent-image', agentImage],
    ...options,
  ])
  t.match(JSON.parse(json.stdout), { gate: { isOpen: false, sentence: /nobody asks/ } })
  const annotations = { vault: 'team-a', secrets: 'nightly' }
  put(injectedPod({ name: 'done', annotations, status: { phase: 'Succeeded' } }), '')
  t.match(await gate('team-a:nightly'), { code: 0 }, 'a pod that has ended knows the name')
})

t.test('an agent whose configuration can’t be read counts as not asked', async (t) => {
  const { put, gate } = await serve(t)
  const own = injectedPod({ name: 'other', annotations: { vault: 'team-b', secrets: 'x' } })
  put(own, logOf(stateOf({ object: 'secret team-b:x' })))
  t.match(await gate(), { code: 0 }, 'it asks for something else')
  const image = 'r.example/copy'
  const pods = {
    newer: newer(own),
    'newer, of another registry': changed(newer(own), (it) => Object.assign(it, { image })),
    'without a configuration': changed(own, ({ env }) => env.splice(0)),
    'with our image only': changed(own, (it, spec) => {
      spec.volumes.splice(0)
      Object.assign(it, { env: [], volumeMounts: [] })
    }),
    'with our volume only': changed(own, (it, spec) => {
      Object.assign(it, { env: [], volumeMounts: [], image })
      spec.volumes = [{ name: 'akv-injector-identity', emptyDir: {} }]
    }),
    'with a configuration only': changed(own, (it, spec) => {
      Object.assign(it, { volumeMounts: [], image })
      Object.assign(it.env[0] as object, { value: 'x' })
      spec.volumes.splice(0)
    }),
  }
  for (const [name, pod] of Object.entries(pods)) {
    put(pod, logOf(stateOf()))
    t.match(await gate(), shut(/Pod\/other +1 +the agent isn’t as the webhook makes it/), name)
  }
})

t.test('a log isn’t trusted if the token may be another one', async (t) => {
  const { put, gate } = await serve(t)
  type Source = { serviceAccountToken: Record<string, unknown> }
  const identity = ({ volumes }: { volumes: object[] }) =>
    volumes.find((one) => 'projected' in one) as { projected: { sources: Source[] } }
  const changes: Readonly<Record<string, (spec: { volumes: object[] }) => void>> = {
    audience: (spec) => {
      Object.assign(identity(spec).projected.sources[0]?.serviceAccountToken as object, {
        audience: 'https://evil.example/',
      })
    },
    path: (spec) => {
      Object.assign(identity(spec).projected.sources[0]?.serviceAccountToken as object, {
        path: 'x',
      })
    },
    'another source': (spec) =>
      void identity(spec).projected.sources.push({ serviceAccountToken: { path: 'y' } }),
    'another kind': (spec) => {
      spec.volumes = spec.volumes.map((one) =>
        'projected' in one
          ? { name: 'akv-injector-identity', secret: { secretName: 'mine' } }
          : one,
      )
    },
    absent: (spec) => {
      spec.volumes = spec.volumes.filter((one) => !('projected' in one))
    },
  }
  for (const [name, change] of Object.entries(changes)) {
    put(changed(injectedPod(), (_, spec) => change(spec)))
    t.match(
      await gate(),
      shut(/its volume akv-injector-identity isn’t as the webhook makes it/),
      name,
    )
  }
  put(
    changed(injectedPod(), (_, spec) =>
      Object.assign(identity(spec).projected, { defaultMode: 420 }),
    ),
  )
  t.match(await gate(), { code: 0 }, 'what the API server adds changes nothing')
})

t.test('a container that only has the agent’s name neither opens nor shuts', async (t) => {
  const { put, gate } = await serve(t)
  const container = { name: 'akv-injector', image: 'tools.example/other', args: ['x'] }
  const unrelated = injectedPod({ namespace: 'team-b', name: 'tool' })
  put({ ...unrelated, spec: { initContainers: [container], containers: [] } } as Pod, '')
  const { code, stdout } = await gate()
  t.equal(code, 0)
  t.match(
    stdout,
    /^NAMESPACE +WORKLOAD +HOLDERS +NOT AN AGENT\nteam-b +Pod\/tool +1 +its container/,
  )
  const { unrelated: rows, unasked } = JSON.parse((await gate('-o', 'json')).stdout)
  t.match(rows, [{ namespace: 'team-b', workload: 'Pod/tool', holders: ['tool'] }])
  t.strictSame(unasked, [])
  t.match(await gate('--agent-image', 'tools.example/other'), { code: 1 }, 'it may be an agent')
})

t.test('as long as the images are unknown, no pod counts as unrelated', async (t) => {
  const { put, gate, options } = await serve(t)
  const container = { name: 'akv-injector', image: 'tools.example/other' }
  const unrelated = injectedPod({ namespace: 'team-b', name: 'tool' })
  put({ ...unrelated, spec: { initContainers: [container], containers: [] } } as Pod, '')
  t.match(await gate(), { code: 0 })
  const args = ['who', 'team-a:db-password', '--version', v3, '--gate', '-A', ...options]
  t.match(await run(args), shut(/Pod\/tool +1 +the agent isn’t as the webhook makes it/))
})

t.test('a pod that starts meanwhile and can’t be read counts as not asked', async (t) => {
  const annotations = { vault: 'team-b', secrets: 'x' }
  const started = injectedPod({ name: 'started', annotations })
  for (const [pod, code] of [
    [started, 0],
    [newer(started), 1],
    [{ ...started, note: Array.from({ length: 600_000 }, () => 0) } as Pod, 1],
  ] as const) {
    const { put, server, gate } = await serve(t)
    const { before } = server
    server.before = (request) => {
      if (request.path.endsWith('/log')) put(pod)
      return before(request)
    }
    const stdout = code === 0 ? /is open/ : /Pod\/started +1 +it was started, or one of its/
    t.match(await gate(), { code, stdout })
  }
})

t.test('a list that is cut may leave out a holder', async (t) => {
  for (const resource of ['pods', 'serviceaccounts']) {
    const { server, gate } = await serve(t)
    const { before } = server
    const items = Array.from({ length: 200_000 }, () => 0)
    let wasCut = false
    server.before = (request) => {
      if (!request.path.endsWith(`/${resource}`)) return before(request)
      if (!request.query.has('continue')) return [200, { items: [], metadata: { continue: 'x' } }]
      wasCut = true
      return [200, { items, metadata: { continue: 'y' } }]
    }
    t.match(await gate(), shut(/\* +\* +1 +there are more objects than are read/), resource)
    t.ok(wasCut, resource)
  }
})

t.test('a pod that is left out is named each time', async (t) => {
  const { put, gate } = await serve(t)
  put(injectedPod({ name: 'silent' }), '')
  put(newer(injectedPod({ namespace: 'team-b', name: 'newer' })), '')
  t.match(await gate(), shut(/Pod\/silent[\s\S]*Pod\/newer/))
  const without = ['--without', 'team-a/silent', '--without', 'team-b/newer']
  t.match(await gate(...without.slice(0, 2)), shut(/Pod\/newer/))
  const open = await gate(...without)
  t.equal(open.code, 0)
  t.match(
    open.stdout,
    /open .*holds it; left out by --without, and not asked: team-a\/silent, team-b\/newer$/m,
  )
  const json = JSON.parse((await gate(...without, '--without', 'team-a/none', '-o', 'json')).stdout)
  t.match(json.gate, {
    isOpen: true,
    leftOut: [
      { namespace: 'team-a', name: 'silent', isFound: true },
      { namespace: 'team-b', name: 'newer', isFound: true },
      { namespace: 'team-a', name: 'none', isFound: false },
    ],
    sentence: /; --without names pods without an agent: team-a\/none$/,
  })
  put(injectedPod({ name: 'holder' }), logOf(stateOf({ versions: [v3] })))
  t.match(await gate(...without), shut(/Pod\/holder/), 'others still count')
  t.match(await gate(...without), { stdout: /the gate is shut .*; left out by --without/ })

  for (const [args, stderr] of [
    [['--without', 'team-a'], /--without team-a: expected NAMESPACE\/POD/],
    [['--without', 'team-a/web/x'], /expected NAMESPACE\/POD/],
    [['--without', 'team-a/*'], /expected NAMESPACE\/POD/],
    [Array.from({ length: 101 }, (_, i) => ['--without', `a/b${i}`]).flat(), /at most 100 pods/],
  ] as const)
    t.match(await gate(...args), { code: 2, stdout: '', stderr })
  t.match(await run(['who', 'team-a', '--without', 'a/b']), { code: 2, stderr: /needs --gate/ })
})

t.test('the gate says whom it believes', async (t) => {
  const { gate } = await serve(t)
  const { stderr } = await gate()
  t.match(stderr, `agents that run ${agentImage}, as your options say\n`)
  t.match(
    stderr,
    /the gate believes the authors of pods, whoever has pods\/exec .*ServiceAccounts$/m,
  )
  t.match(
    JSON.parse((await gate('-o', 'json')).stdout).notices.at(-1),
    /believes the authors of pods/,
  )
})

t.test('both versions of a rotation count until the newer one is everywhere', async (t) => {
  const { put, options } = await serve(t)
  put(injectedPod({ name: 'late' }), logOf(stateOf({ versions: [v2] })))
  for (const [version, code] of [
    [v1, 1],
    [v2, 1],
    [v3, 0],
  ] as const)
    t.match(
      await run([
        ...['who', `team-a:db-password@${version}`, '--gate', '-A'],
        ...['--agent-image', agentImage, ...options],
      ]),
      { code },
    )
})
