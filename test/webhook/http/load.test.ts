import { Agent } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type RunningWebhook, startWebhook } from '../../../webhook/http/start-webhook.ts'
import { exampleReview } from './review.ts'
import { patient, until } from './running-webhook.ts'
import { type Caller, post } from './serving.ts'
import { testSettings } from './test-settings.ts'
import { tlsFolder } from './tls-folder.ts'

const requestsPerSecond = 200
/** As many as there are while a pod starts, or while nodes learn that one is leaving. */
const phase = 60

t.test('new certificates and a rolling restart at 200 requests a second: none fails', async (t) => {
  const tls = await tlsFolder(t.testdir())
  await tls.write(await tls.issue())
  const start = () => startReplica(t, tls.folder)
  const [first, second] = await Promise.all([start(), start()])
  const service = await clusterService(t, [first, second])
  const agent = new Agent({ keepAlive: true, maxSockets: 4, maxCachedSessions: 0 })
  t.teardown(() => agent.destroy())

  const load = callSteadily({ port: service.port, ca: tls.ca, agent })
  for (const old of [first, second]) {
    await load.answered(phase)
    await tls.write(await tls.issue())
    service.add(await start())
    const stopped = old.webhook.close()
    // Every node goes on sending to a pod for a while after it began to stop.
    await load.answered(phase)
    await service.remove(old)
    old.endDrain()
    await stopped
  }
  await load.answered(phase)

  const { answers, failures } = await load.stop()
  t.strictSame(failures, [])
  t.ok(answers.every(({ status, body }) => status === 200 && body.includes('"patch":')))
  t.ok(new Set(answers.map(({ serialNumber }) => serialNumber)).size >= 3, 'by three certificates')
})

interface Replica {
  readonly webhook: RunningWebhook
  /** Ends the time for which it goes on serving once it is told to stop. */
  readonly endDrain: () => void
}

async function startReplica(t: Test, tlsDir: string): Promise<Replica> {
  const drain = Promise.withResolvers<void>()
  const webhook = await startWebhook({
    settings: testSettings(tlsDir),
    logStream: { write: () => {} },
    certificatePollMs: 20,
    sleep: () => drain.promise,
    limits: patient,
    finishMs: patient.requestTimeoutMs,
  })
  t.teardown(() => {
    drain.resolve()
    return webhook.close()
  })
  return { webhook, endDrain: drain.resolve }
}

/** A Service of Kubernetes: each new connection goes to one of its pods, and stays with it. */
async function clusterService(t: Test, replicas: Replica[]) {
  let next = 0
  const connections = new Map<Replica, Set<Socket>>()
  const server: Server = createServer((client) => {
    const replica = replicas[next++ % replicas.length]
    if (replica === undefined) return void client.destroy()
    const pod = connect(replica.webhook.address.port, '127.0.0.1')
    const open = connections.get(replica) ?? new Set()
    connections.set(replica, open.add(pod))
    pod.on('close', () => open.delete(pod))
    client.pipe(pod).pipe(client)
    client.on('error', () => pod.destroy())
    pod.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    add: (replica: Replica) => void replicas.push(replica),
    /** Sends it no new connection, and waits until those that it has are closed. */
    async remove(replica: Replica) {
      replicas.splice(replicas.indexOf(replica), 1)
      await until(() => (connections.get(replica)?.size ?? 0) === 0)
    },
  }
}

/** Calls at a steady rate, however long the answers take: four at once, so that all four connections stay in use. */
function callSteadily(caller: Caller) {
  const answers: Awaited<ReturnType<typeof post>>[] = []
  const failures: string[] = []
  const calls: Promise<unknown>[] = []
  const body = JSON.stringify(exampleReview())
  const startMs = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / 1000) * requestsPerSecond
    while (calls.length < due)
      calls.push(
        post(caller, body).then(
          (answer) => answers.push(answer),
          (error) => failures.push(String(error)),
        ),
      )
  }, 20)
  return {
    /** Waits for so many more answers. */
    async answered(count: number) {
      const enough = answers.length + failures.length + count
      await until(() => answers.length + failures.length >= enough)
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(calls)
      return { answers, failures }
    },
  }
}
