import { Agent } from 'node:https'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type RunningWebhook, startWebhook } from '../../../webhook/http/start-webhook.ts'
import { exampleReview } from './review.ts'
import { type Caller, post } from './serving.ts'
import { testSettings } from './test-settings.ts'
import { tlsFolder } from './tls-folder.ts'

const requestsPerSecond = 200
const propagationMs = 300
const drainMs = 600

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
    await delay(300)
    await tls.write(await tls.issue())
    service.add(await start())
    const stopped = old.close()
    // Every node goes on sending to a pod for a while after it began to stop.
    await delay(propagationMs)
    service.remove(old)
    await stopped
  }
  await delay(300)

  const { answers, failures } = await load.stop()
  t.strictSame(failures, [])
  t.ok(answers.length > 1.5 * requestsPerSecond, `${answers.length} requests`)
  t.ok(answers.every(({ status, body }) => status === 200 && body.includes('"patch":')))
  t.ok(new Set(answers.map(({ serialNumber }) => serialNumber)).size >= 3, 'by three certificates')
})

async function startReplica(t: Test, tlsDir: string): Promise<RunningWebhook> {
  const replica = await startWebhook({
    settings: testSettings(tlsDir),
    logStream: { write: () => {} },
    certificatePollMs: 20,
    drainMs,
  })
  t.teardown(() => replica.close())
  return replica
}

/** A Service of Kubernetes: each new connection goes to one of its pods, and stays with it. */
async function clusterService(t: Test, replicas: RunningWebhook[]) {
  let next = 0
  const server: Server = createServer((client) => {
    const replica = replicas[next++ % replicas.length]
    const pod = connect(replica?.address.port ?? 0, '127.0.0.1')
    client.pipe(pod).pipe(client)
    client.on('error', () => pod.destroy())
    pod.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    add: (replica: RunningWebhook) => void replicas.push(replica),
    remove: (replica: RunningWebhook) => void replicas.splice(replicas.indexOf(replica), 1),
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
    async stop() {
      clearInterval(timer)
      await Promise.all(calls)
      return { answers, failures }
    },
  }
}
