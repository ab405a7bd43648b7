/** What the agent says about the age of its files, when it can't write those that it has fetched. */

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { wantedKey, wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
import { refreshOnce } from '../../../init-agent/fetch/refresh.ts'
import { startHolding } from '../../../init-agent/find/held-finds.ts'
import { figuresAfter, freshAtMs, startFigures } from '../../../init-agent/metrics/agent-figures.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { handTime, takeTime } from '../../../lib/handed-time.ts'
import { readAgentStates } from '../../support/injected-pods/read-agent-states.ts'
import { killAtEveryCall } from '../../support/kill/kill-at-every-call.ts'
import { runWithFiles } from '../../support/kill/run-with-files.ts'
import { readOr, secretFile, secretVariable } from '../harness/pod.ts'
import { simulatePod } from '../harness/simulated-pod.ts'
import { cannotMount, makeReadOnly, makeTmpfs, makeWritable, mountAt } from '../harness/tmpfs.ts'

const intervalMs = 100_000

/** A pod whose secret is in place in three volumes. Each refresh comes one interval after the one before. */
async function startPod(t: Test, { mounts = false } = {}) {
  const pod = simulatePod(t, {
    files: [secretFile('a'), secretFile('a', { volume: 'shop' })],
    env: [secretVariable('A', 'a')],
    volumes: [{ name: 'shop', class: 'shop-kv' }],
    staleAfterSeconds: 1000,
  })
  const { context, clock, vault, written } = pod
  const { config, volumes } = context
  const root = join(volumes.folder, '..')
  const shop = join(root, 'csi/shop')
  if (mounts) mountAt(shop, makeTmpfs(t, 'size=64k'))
  const [object] = wantedObjects(config)
  const key = object ? wantedKey(object) : ''
  pod.onWaits(Array(100).fill(() => undefined))

  vault.set('a', '1')
  const fetched = await firstFetch(context)
  const startMs = clock.now()
  let state = startHolding(config, { ...fetched, goodAtMs: startMs })
  let figures = startFigures({ nowMs: startMs, goodAtMs: startMs, outcomes: fetched.outcomes })
  const mark = () =>
    volumes.freshness.set({ freshAt: handTime(freshAtMs(figures), clock), isReady: true })
  mark()
  const paths = ['env/env', 'files/a', 'csi/shop/a'].map((path) => join(root, path))
  return {
    ...pod,
    shop,
    startMs,
    /** The values that readers find now, one of each volume. */
    values: () => paths.map((path) => /\d/.exec(readOr(path, ''))?.[0]),
    wait: () => clock.sleep(intervalMs),
    /** @returns whether it came to its end */
    async refresh() {
      const refreshed = await refreshOnce(context, state)
      state = refreshed.state
      const { result } = refreshed
      const objects = wantedObjects(config)
      if (result) figures = figuresAfter(figures, { objects, result, nowMs: clock.now() })
      try {
        mark()
      } catch {
        // The agent logs it, and goes on.
      }
      return result !== undefined
    },
    /** When the agent says that the objects were last known to match the vault: to each that can ask it. */
    claims() {
      const [shown] = readAgentStates(written)?.objects ?? []
      const failingSince = shown?.failing?.since
      const wallOffsetMs = clock.wallTime() - clock.now()
      // A new process knows what is in the volumes only.
      const freshAt = openVolumes(root, config).freshness.read()?.freshAt
      return {
        metrics: freshAtMs(figures),
        state: state.statuses.get(key)?.goodAtMs,
        status:
          failingSince === undefined
            ? state.statuses.get(key)?.goodAtMs
            : Date.parse(failingSince) - wallOffsetMs,
        ...(freshAt && { 'a new process': takeTime(freshAt, clock) }),
      }
    },
    /** While an object fails, the process stays: it would hand over that all of them are up to date. */
    isFailing: () => state.statuses.get(key)?.error !== undefined,
  }
}

type Pod = Awaited<ReturnType<typeof startPod>>

/** Whoever asks the agent hears of a time at which the bytes in all volumes were known to match the vault. */
function compareClaims(
  t: Test,
  pod: Pod,
  step: { readonly what: string; readonly newAtMs: number },
) {
  const values = pod.values()
  const latestMs = values.every((value) => value === '2') ? step.newAtMs : pod.startMs
  for (const [who, claimedMs = Number.NaN] of Object.entries(pod.claims()))
    if (!(claimedMs <= latestMs))
      t.fail(`${step.what}: ${who} says ${claimedMs} of ${values}, but ${latestMs} is true`)
}

/**
 * A refresh that may not be able to write the new value, then one in which the vault is away.
 *
 * @param step - `first`: does the first one
 */
async function refreshThrough(
  t: Test,
  pod: Pod,
  { what, first }: { readonly what: string; readonly first: () => Promise<unknown> },
): Promise<void> {
  const { vault, clock } = pod
  vault.set('a', '2')
  await pod.wait()
  const newAtMs = clock.now()
  await first()
  compareClaims(t, pod, { what, newAtMs })
  const isWhole = pod.values().every((value) => value === '2')
  vault.set('a', 'AKV_VAULT_UNAVAILABLE')
  await pod.wait()
  await pod.refresh()
  t.ok(pod.isFailing(), `${what}: an outage is a failure`)
  compareClaims(t, pod, {
    what: `${what}, then an outage`,
    newAtMs: isWhole ? newAtMs : pod.startMs,
  })
}

/** Ways in which a volume can't be written. Each gives what mends it. */
const obstacles: Readonly<Record<string, (pod: Pod, t: Test) => () => void>> = {
  'something else in the way': ({ shop }) => {
    renameSync(join(shop, 'a'), join(shop, 'kept'))
    writeFileSync(join(shop, 'a'), '1')
    return () => renameSync(join(shop, 'kept'), join(shop, 'a'))
  },
  'a link that is gone': ({ shop }) => {
    renameSync(join(shop, '..data'), join(shop, 'kept'))
    writeFileSync(join(shop, '..data'), '1')
    return () => renameSync(join(shop, 'kept'), join(shop, '..data'))
  },
  'a mount that is lost': ({ shop }) => {
    renameSync(shop, `${shop}-lost`)
    return () => renameSync(`${shop}-lost`, shop)
  },
}

/** Those that need a file system of its own. */
const mountedObstacles: typeof obstacles = {
  'a full volume': ({ shop }, t) => {
    const fillers = [0, 1].map((i) => join(shop, `filler-${i}`))
    for (const filler of fillers)
      t.throws(() => writeFileSync(filler, Buffer.alloc(128 * 1024)), { code: 'ENOSPC' })
    return () => {
      for (const filler of fillers) rmSync(filler)
    }
  },
  'a volume that is mounted read-only': ({ shop }) => {
    makeReadOnly(shop)
    return () => makeWritable(shop)
  },
}

const refreshesOf =
  (all: typeof obstacles, options: { readonly mounts?: boolean }) => async (t: Test) => {
    for (const [what, obstruct] of Object.entries(all)) {
      const pod = await startPod(t, options)
      let mend = () => {}
      const first = async () => {
        mend = obstruct(pod, t)
        t.ok(await pod.refresh())
        t.ok(pod.isFailing(), `${what}: the process stays`)
        t.notOk(
          pod.values().every((value) => value === '2'),
          `${what} keeps it from being written`,
        )
      }
      await refreshThrough(t, pod, { what, first })
      mend()
      pod.vault.set('a', '2')
      await pod.wait()
      t.ok(await pod.refresh())
      t.strictSame(pod.values(), ['2', '2', '2'], `after ${what}, the new value is written`)
      t.notOk(pod.isFailing())
      t.equal(pod.claims().metrics, pod.clock.now())
      t.equal(pod.claims()['a new process'], pod.clock.now())
    }
  }

t.test('files that couldn’t be replaced are as old as they were', refreshesOf(obstacles, {}))
t.test(
  'so are those on a tmpfs',
  { skip: cannotMount() },
  refreshesOf(mountedObstacles, { mounts: true }),
)

t.test('so are those of an agent whose files fail, or that is killed, at any call', async (t) => {
  const seen = new Set<string>()
  const calls = await killAtEveryCall(async (kill) => {
    const pod = await startPod(t)
    let isEnded = false
    const first = async () => {
      await runWithFiles(kill, async () => {
        isEnded = await pod.refresh()
      })
      seen.add(pod.values().join())
    }
    await refreshThrough(t, pod, { what: 'files that fail', first })
    t.ok(isEnded, 'the agent goes on')
  })
  t.ok(calls >= 50, `${calls} calls failed`)
  t.strictSame(
    [...seen],
    ['1,1,1', '2,1,1', '2,2,1', '2,2,2'],
    'they fail before and after each switch',
  )
})
