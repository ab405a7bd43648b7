import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { currentFolder, sweepFileSets } from '../../../init-agent/volume/read-file-set.ts'
import { prepareFileSet } from '../../../init-agent/volume/write-file-set.ts'
import { isFuzzing } from '../../support/property-runs.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { generationFiles, generationProblem } from '../harness/generations.ts'
import { makePod, readOr, secretFile, secretVariable, startAgent } from '../harness/pod.ts'
import { runAgentOn, stoppedClock } from '../harness/run-agent-on.ts'
import { cannotMount, makeTmpfs } from '../harness/tmpfs.ts'

const writer = fileURLToPath(new URL('../harness/set-writer.ts', import.meta.url))

t.test('a kill at any point of writing leaves a complete set', async (t) => {
  const volume = cannotMount() === false ? makeTmpfs(t, 'size=1m') : t.testdir({})
  prepareFileSet(volume, generationFiles(0)).commit()
  let unfinished = 0
  // On a busy machine the writer may not get its turn before the kill, so try until one came in the middle.
  for (
    let kills = 0;
    kills < (isFuzzing ? 40 : 10) || (unfinished === 0 && kills < 1_000);
    kills++
  ) {
    const writing = spawn(process.execPath, [writer, volume], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(writing.stdout, 'data')
    await setTimeout(Math.random() * 10)
    writing.kill('SIGKILL')
    await once(writing, 'close')
    t.equal(generationProblem(volume), undefined)
    if (hasUnfinished(volume)) unfinished++
  }
  t.ok(unfinished > 0, `${unfinished} kills came in the middle of writing a set`)
  const files = generationFiles(1_000_000)
  prepareFileSet(volume, files).commit()
  sweepFileSets(volume)
  t.strictSame(
    readdirSync(volume).filter((name) => !/^\.\.\d/.test(name)),
    ['..data', 'a', 'folder', 'number', 'only-1'],
    'nothing is left of all that',
  )
  t.equal(readdirSync(volume).length, 6)
})

t.test(
  'an agent that is killed at random points and restarted always ends with complete sets',
  async (t) => {
    const names = Array.from({ length: 10 }, (_, i) => `s${i}`)
    const emulator = await startTestEmulator(t, {
      secrets: names.map((name) => `${name}: '0'`).join('\n'),
    })
    const pod = await makePod(t, emulator, {
      version: 2,
      volumes: [{ name: 'shop', class: 'shop-kv' }],
      files: names.flatMap((name) => [secretFile(name), secretFile(name, { volume: 'shop' })]),
      env: [secretVariable('S0', 's0')],
    })
    const volumes = [pod.files, join(pod.root, 'csi/shop')]
    const restarts = isFuzzing ? 12 : 4
    for (let i = 1; i <= restarts; i++) {
      for (const name of names) emulator.rotate({ vault: 'team-a', name, value: String(i) })
      const killed = startAgent(t, pod)
      await setTimeout(100 + Math.random() * 400)
      killed.process.kill('SIGKILL')
      await killed.exited
      // Before the first set there is nothing; from then on, all of one.
      for (const volume of volumes) {
        const seen = names.map((name) => readOr(join(volume, name), 'none'))
        t.equal(new Set(seen).size, 1, seen.join(' '))
      }
    }
    // With real time, it would give up after five seconds, and keep the complete set of an earlier round.
    const { error } = await runAgentOn(stoppedClock, pod)
    t.equal(error, undefined)
    for (const volume of volumes)
      for (const name of names) t.equal(readFileSync(join(volume, name), 'utf8'), String(restarts))
    t.equal(readFileSync(join(pod.env, 'env'), 'utf8'), `S0='${restarts}'\n`)
    for (const volume of volumes)
      t.equal(readdirSync(volume).filter((name) => /^\.\.\d/.test(name)).length, 1)
  },
)

/** Whether there is a set that isn't current and lacks files: the writer was killed before it was seen. */
function hasUnfinished(volume: string): boolean {
  const current = currentFolder(volume)
  return readdirSync(volume).some((name) => {
    if (!/^\.\.\d/.test(name) || name === current) return false
    const files = readdirSync(join(volume, name), { recursive: true })
    return files.length < generationFiles(0).size + 1
  })
}
