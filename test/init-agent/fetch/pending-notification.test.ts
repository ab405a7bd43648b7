/** An application that hasn't accepted the notification of a change is told later. */

import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
import { refreshOnce } from '../../../init-agent/fetch/refresh.ts'
import { startHolding } from '../../../init-agent/find/held-finds.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { killAtEveryCall } from '../../support/kill/kill-at-every-call.ts'
import { runWithFiles } from '../../support/kill/run-with-files.ts'
import { secretFile, secretVariable } from '../harness/pod.ts'
import { simulatePod } from '../harness/simulated-pod.ts'

/** Not imported by name: the application goes on when the agent is killed. */
const { readFileSync } = fs

/** A pod whose application reads its file when it starts, and whenever it accepts a notification. */
async function startPod(t: Test) {
  let accepts = () => true
  const application = createServer((_request, response) => {
    asked += 1
    if (!accepts()) return response.writeHead(503).end()
    known = inPlace()
    return response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(application, 'listening')
  t.teardown(() => {
    application.close()
    application.closeAllConnections()
  })
  const { port } = application.address() as AddressInfo
  const pod = simulatePod(t, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
    notify: `http://127.0.0.1:${port}/`,
  })
  const { context, clock, vault } = pod
  const { config } = context
  const root = join(context.volumes.folder, '..')
  const inPlace = () => readFileSync(join(root, 'files/a'), 'utf8')
  pod.onWaits(Array(100).fill(() => undefined))
  vault.set('a', '1')
  let asked = 0
  let state = startHolding(config, { ...(await firstFetch(context)), goodAtMs: clock.now() })
  let known = inPlace()
  return {
    vault,
    warnings: () => pod.lines.filter(({ code }) => code === 'AKV_NOTIFY_FAILED').length,
    isPending: () => context.volumes.notification.isSet(),
    known: () => known,
    inPlace,
    acceptIf(condition: () => boolean) {
      accepts = condition
    },
    /** @returns how many requests the application got */
    async refresh() {
      const before = asked
      await clock.sleep(100_000)
      const refreshed = await refreshOnce(context, state)
      state = refreshed.state
      return asked - before
    },
    /** A new process knows only what is in the volumes. */
    restart() {
      const found = openVolumes(root, config).read()
      if (found) state = startHolding(config, { ...found, goodAtMs: clock.now() })
      return found !== undefined
    },
  }
}

t.test('an application that refuses is told after each refresh, until it accepts', async (t) => {
  const pod = await startPod(t)
  t.equal(await pod.refresh(), 0)
  t.notOk(pod.isPending())
  pod.acceptIf(() => false)
  pod.vault.set('a', '2')
  t.equal(await pod.refresh(), 3, 'three tries after a change')
  for (const _ of Array(3)) {
    t.ok(pod.isPending())
    t.equal(await pod.refresh(), 1, 'one try after each later refresh')
  }
  t.equal(pod.warnings(), 4)
  pod.vault.set('a', 'AKV_VAULT_UNAVAILABLE')
  t.equal(await pod.refresh(), 1, 'an outage of the vault doesn’t end it')
  t.ok(pod.restart())
  t.equal(await pod.refresh(), 1, 'nor does a restart of the agent')
  t.equal(pod.known(), '1')
  pod.acceptIf(() => true)
  t.equal(await pod.refresh(), 1)
  t.equal(pod.known(), '2')
  t.notOk(pod.isPending())
  t.equal(await pod.refresh(), 0, 'never again after a success')
  t.ok(pod.restart())
  t.equal(await pod.refresh(), 0)
})

t.test('a change that follows one that wasn’t accepted is told at once', async (t) => {
  const pod = await startPod(t)
  pod.acceptIf(() => false)
  pod.vault.set('a', '2')
  await pod.refresh()
  pod.vault.set('a', '3')
  t.equal(await pod.refresh(), 3)
  pod.acceptIf(() => true)
  t.equal(await pod.refresh(), 1)
  t.equal(pod.known(), '3')
})

t.test('an agent that is killed at any call loses no notification', async (t) => {
  let late = 0
  const calls = await killAtEveryCall(async (kill) => {
    const pod = await startPod(t)
    pod.vault.set('a', '2')
    // A killed process sends nothing.
    pod.acceptIf(() => !kill.isDead())
    await runWithFiles(kill, () => pod.refresh())
    pod.acceptIf(() => true)
    const wasTold = pod.known() === pod.inPlace()
    t.ok(pod.restart(), 'the set before is whole')
    const requests = await pod.refresh()
    if (!wasTold) late += 1
    if (pod.known() !== '2' || pod.inPlace() !== '2' || requests > 1 || (await pod.refresh()) > 0)
      t.fail(`the application has read ${pod.known()} of ${pod.inPlace()}, by ${requests} requests`)
  })
  t.ok(calls >= 50, `${calls} kills`)
  t.ok(late >= 3, `${late} kills between the new files and the notification`)
})
