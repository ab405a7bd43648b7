import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openCluster, until } from '../client/cluster.ts'
import { annotatedPod } from '../client/pods.ts'
import { publishAuthority } from '../harness/install/install.ts'
import { addEndpoint } from './harness/endpoint.ts'
import { untilCalled } from './harness/serve-webhook.ts'
import { serviceCertificates } from './harness/service-certificates.ts'
import { startSteadyLoad } from './harness/steady-load.ts'
import { startReplica } from './harness/webhook-replica.ts'

const perSecond = 200
/** The time that the API server gets to notice a change. */
const settleMs = 1_000

const cluster = openCluster(t)

t.test(
  'no admission fails while replicas are replaced one by one at 200 admissions a second',
  async (t) => {
    const certificates = await serviceCertificates(t.testdir())
    await certificates.renew()
    await publishAuthority(cluster, certificates.caPem)
    const old = [
      await startServing(t, certificates.folder),
      await startServing(t, certificates.folder),
    ]
    // Started before the load, because starting them takes more CPU than the load.
    const fresh = [
      await startReplica(t, certificates.folder),
      await startReplica(t, certificates.folder),
    ]
    await untilCalled(cluster)

    const load = startSteadyLoad(cluster, perSecond)
    await delay(settleMs)
    for (const [index, replica] of old.entries()) {
      const endpoint = await addEndpoint(cluster, fresh[index]?.port ?? 0)
      t.teardown(() => endpoint.remove())
      await delay(settleMs)
      // Kubernetes does both at the same time, with seconds to spare. A busy test machine may not have these.
      await replica.endpoint.remove()
      t.equal(await replica.terminate(), 0)
    }
    await delay(settleMs)
    await report(t, load)
  },
)

t.test(
  'only the requests in flight fail when a replica is killed, and the message says why',
  async (t) => {
    const certificates = await serviceCertificates(t.testdir())
    await certificates.renew()
    await publishAuthority(cluster, certificates.caPem)
    await startServing(t, certificates.folder)
    const killed = await startServing(t, certificates.folder)
    await untilCalled(cluster)

    const load = startSteadyLoad(cluster, perSecond)
    await delay(settleMs)
    killed.kill()
    await killed.endpoint.remove()
    await until(areAllAdmitted, 60_000)
    const { admitted, failures } = await load.stop()
    t.comment(`${admitted} pods admitted, ${failures.length} failed`)
    // The API server never retries a call to a webhook, because it can't know whether the webhook had side effects.
    for (const failure of failures)
      t.match(failure, /failed calling webhook "pods\.akv-injector\.io"/)

    const later = startSteadyLoad(cluster, perSecond)
    await report(t, later, 'none fails once the Service no longer has the replica')
  },
)

async function startServing(t: Test, tlsDir: string) {
  const replica = await startReplica(t, tlsDir)
  const endpoint = await addEndpoint(cluster, replica.port)
  t.teardown(() => endpoint.remove())
  return { ...replica, endpoint }
}

/** Ends a load once it has admitted enough pods, however long that takes. */
async function report(
  t: Test,
  load: ReturnType<typeof startSteadyLoad>,
  sentence = 'none fails',
): Promise<void> {
  await until(async () => load.admitted() > perSecond, 120_000)
  const { admitted, failures, slowestMs } = await load.stop()
  t.comment(`${admitted} pods admitted, the slowest in ${Math.round(slowestMs)} ms`)
  t.strictSame(failures, [], sentence)
}

/** Whether the API server no longer calls a replica that was killed: it would choose it for about every second pod. */
async function areAllAdmitted(): Promise<boolean> {
  for (let n = 0; n < 50; n++)
    if ((await cluster.create(annotatedPod(), { dryRun: true })).status !== 201) return false
  return true
}
