// Hostile namespaces beside honest ones: the controller's process, with the chart's options for Node, stays alive and within the
// chart's memory limit, and each honest Secret comes. How soon it comes depends on the machine, which the API server and the
// attackers share with the controller, so that is only printed. That namespaces take turns is tested without a clock, in
// test/sync/pace and test/sync/queue. Takes two minutes; `npm run soak` takes ten more. SOAK_SECONDS sets the time of the
// attack.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { bundle } from '../../../image/bundle.ts'
import { environmentOf } from '../../manifests/rendered.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { connect } from '../client/api.ts'
import { openCluster, until } from '../client/cluster.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { startEmulatorProcess } from '../harness/emulator-process.ts'
import { publishIssuerKeys } from '../harness/publish-issuer-keys.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { startControllerProcess } from './bench/controller-process.ts'
import { type Fleet, placedSecrets, tenantId, vaultData } from './bench/fleet.ts'
import { applyAccounts, createNamespaces, installFleet } from './bench/install-fleet.ts'
import { syncAccount } from './harness/sync-account.ts'
import { type Attacks, attack } from './soak/hostile.ts'
import { median, probe } from './soak/probe.ts'

const { KUBECONFIG = '', SOAK_SECONDS = '45' } = process.env
const seconds = Number(SOAK_SECONDS)
const [honestCount, hostileCount] = [20, 20]
/** 100 KB each. The API server takes some 10 ms for one. */
const foreignAccounts = seconds < 600 ? 400 : 2_000
/** How long an honest Secret may take: much longer than on the busiest machine, and an end for the test. */
const maxProbeMs = 300_000
const mebibyte = 1024 * 1024

t.test('20 hostile namespaces beside 20 honest ones', { timeout: 0 }, async (t) => {
  const cluster = openCluster(t)
  const api = connect(KUBECONFIG)
  t.teardown(() => api.close())
  t.teardown(await publishIssuerKeys(cluster))
  const namespaces = await createNamespaces(cluster, honestCount + hostileCount)
  const [foreign = ''] = await createNamespaces(cluster, 1)
  const removeForeign = () =>
    cluster.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } })
  t.teardown(removeForeign)
  const fleet: Fleet = { namespaces, accountsEach: 1, secretsEach: 3, objectsEach: 2 }
  const { container, remove } = await installFleet(cluster, fleet)
  t.teardown(remove)
  const { path: folder, remove: removeFolder } = temporaryFolder()
  t.teardown(removeFolder)
  const data = join(folder, 'vault.yaml')
  writeFileSync(data, vaultData(fleet))
  const azure = await startEmulatorProcess({ access: readKubeconfig(KUBECONFIG), folder, data })
  t.teardown(() => azure.stop())
  const vaultUrl = `${azure.url}/{vault}`
  await applyAccounts(cluster, { ...fleet, vaultUrl }, '30s')
  writeFileSync(join(folder, 'ca.crt'), azure.caPem)
  await bundle(join(folder, 'dist'))
  const controller = await startControllerProcess({
    program: join(folder, 'dist', 'main.js'),
    flags: ['--external-secrets', '--classes'],
    env: {
      ...environmentOf(container),
      AKV_INJECTOR_CLOUD: 'custom',
      AKV_INJECTOR_AUTHORITY_HOST: azure.url,
      AKV_INJECTOR_VAULT_URL: vaultUrl,
      AKV_INJECTOR_CA_FILE: join(folder, 'ca.crt'),
      AKV_INJECTOR_DEFAULT_TENANT_ID: tenantId,
      KUBECONFIG: await accountKubeconfig({
        api,
        kubeconfigFile: KUBECONFIG,
        account: syncAccount,
        folder,
      }),
    },
    folder,
  })
  t.teardown(() => controller.stop())
  const synced = (namespace: string) =>
    controller.metric(
      'akv_injector_sync_secrets',
      `namespace="${namespace}",account="app-0",state="synced"`,
    )
  for (const namespace of namespaces)
    await until(async () => (await synced(namespace)) >= 3, 60_000)

  const placed = placedSecrets(fleet)
  const firstOf = (namespace: string) => placed.find((secret) => secret.namespace === namespace)
  const storeOf = (namespace: string) => `app-0-${firstOf(namespace)?.vault ?? 'none'}`
  const objectOf = (namespace: string) => firstOf(namespace)?.object ?? 'none'
  let probes = 0
  const probeFor = (ms: number) => probeUntil(delay(ms))
  /** Probes one honest namespace after the other, each second. */
  async function probeUntil(end: Promise<unknown>): Promise<readonly number[]> {
    const running: Promise<number>[] = []
    let isOver = false
    void end.then(() => {
      isOver = true
    })
    for (; !isOver; await delay(1_000)) {
      const namespace = namespaces[probes % honestCount] ?? ''
      const [store, object] = [storeOf(namespace), objectOf(namespace)]
      const name = `probe-${probes++}`
      running.push(probe(cluster, { namespace, name, store, object, maxMs: maxProbeMs }))
    }
    return await Promise.all(running)
  }

  const undisturbed = await probeFor(10_000)
  await controller.loop()
  const [cpuBefore, starvedBefore] = [controller.cpuSeconds(), controller.starvedSeconds()]
  const stop = new AbortController()
  const hostile = namespaces.slice(honestCount)
  const attacking = attack({
    ...{ api, storeOf, objectOf, namespaces: hostile, signal: stop.signal },
    foreign: { namespace: foreign, accounts: foreignAccounts },
  })
  const { attacks } = attacking
  const creating = await probeUntil(attacking.created)
  // The attack itself has to be known before its effect is measured.
  const phaseMs = (seconds * 1_000) / 3
  const beginning = await probeFor(phaseMs)
  controller.memory()
  const middle = await probeFor(phaseMs)
  const middleBytes = controller.memory().residentBytes
  const end = await probeUntil(Promise.all([delay(phaseMs), enough(attacks)]))
  const endBytes = controller.memory().residentBytes
  const cpu = controller.cpuSeconds() - cpuBefore
  const starved = controller.starvedSeconds() - starvedBefore
  stop.abort()
  await attacking.ended
  const { longestBlockMs } = await controller.loop()

  const times = [...beginning, ...middle, ...end]
  const lost = [...creating, ...times].filter((ms) => ms === Number.POSITIVE_INFINITY).length
  t.comment(`CPU time of the controller: ${cpu.toFixed(0)} s`)
  t.comment(`its main thread waited ${starved.toFixed(0)} s for a core`)
  t.comment(`attacks: ${JSON.stringify(attacks)}`)
  t.comment(`an honest Secret took ${describe(undisturbed)} undisturbed`)
  t.comment(`when the attack began, ${describe(creating)}; then, ${describe(times)}`)
  t.comment(
    `resident memory: ${Math.round(middleBytes / mebibyte)} MiB, then ${Math.round(endBytes / mebibyte)} MiB; longest turn: ${Math.round(longestBlockMs)} ms`,
  )
  t.equal(lost, 0, 'each honest Secret came')
  t.ok(endBytes < middleBytes * 1.25, 'the memory is flat')
  const limit = memoryLimit(container)
  t.ok(endBytes < limit, `the memory is within the chart's limit of ${limit / mebibyte} MiB`)
  for (const namespace of namespaces.slice(0, honestCount))
    t.ok((await synced(namespace)) >= 3, `${namespace} is in sync`)

  // A floor: the attack was real, and so were the probes.
  t.ok(times.length > 0, `${times.length} probes`)
  t.equal(attacks.templates, 11 * hostileCount)
  t.equal(attacks.unlistedAccounts, 20 * hostileCount)
  t.equal(attacks.foreignAccounts, foreignAccounts)
})

/** Waits until each change has been made often enough, however long that takes. */
async function enough(attacks: Readonly<Attacks>): Promise<void> {
  const isEnough = () =>
    attacks.costlyTemplates >= 2 * hostileCount &&
    attacks.largeObjects >= seconds / 8 &&
    attacks.manyValues >= seconds / 8 &&
    attacks.manyNames >= seconds / 15 &&
    attacks.manyStatusNames >= seconds / 15
  while (!isEnough()) await delay(100)
}

const describe = (times: readonly number[]): string =>
  `${Math.round(median(times))} ms, at most ${Math.round(Math.max(...times))} ms`

function memoryLimit(container: {
  readonly resources: { readonly limits: { readonly memory: string } }
}): number {
  const found = /^(\d+)Mi$/.exec(container.resources.limits.memory)
  if (!found) throw new Error(`the chart's limit ${container.resources.limits.memory} is not in Mi`)
  return Number(found[1]) * mebibyte
}
