import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import { reportState } from '../../../init-agent/state/report-state.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { readAgentStates } from '../../support/injected-pods/read-agent-states.ts'
import { killAtEveryCall } from '../../support/kill/kill-at-every-call.ts'
import { runWithFiles } from '../../support/kill/run-with-files.ts'
import { memoryStateLog } from '../harness/memory-state-log.ts'
import { agentConfig, secretFile, secretVariable } from '../harness/pod.ts'
import { delivered } from '../harness/volume.ts'

const config = agentConfig({ files: [secretFile('a')], env: [secretVariable('A', 'a')] })
const versions = ['one', 'two', 'three'].map((_, i) => `${i}`.repeat(32))
const [one = '', two = '', three = ''] = versions

/** An agent of this pod. Each value is the version that it is from. */
function openAgent(root: string) {
  const volumes = openVolumes(root, config)
  const { stateLog, written } = memoryStateLog()
  const report = reportState({ config, volumes, clock: fakeClock({}), stateLog })
  const files = (version: string) => delivered({ a: version })
  return {
    report,
    volumes,
    told: () => readAgentStates(written)?.objects[0],
    refresh(version: string) {
      volumes.sweep()
      volumes.write({ files: files(version), env: new Map([['A', Buffer.from(version)]]) })
      const sources = new Map([['team-a:secrets/a', [{ version }]]])
      report.report({ sources: [sources, sources], refreshed: wantedObjects(config) })
    },
  }
}

/** The versions that are in the volumes: of the file, and of the variable. */
function inPlace(root: string): readonly string[] {
  const content = openVolumes(root, config).read()?.content
  const values = [content?.files.get('a')?.bytes, content?.env.get('A')]
  return values.map((value) => String(value))
}

t.test(
  'killed at any file call of a refresh, a restarted agent tells the versions that are in place, or that it doesn’t know them',
  async (t) => {
    const parent = t.testdir()
    const outcomes = new Set<string>()
    const calls = await killAtEveryCall(async (kill) => {
      const root = mkdtempSync(join(parent, 'pod-'))
      for (const name of ['files', 'env']) mkdirSync(join(root, name))
      openAgent(root).refresh(one)
      await runWithFiles(kill, () => {
        const agent = openAgent(root)
        agent.report.restart()
        agent.refresh(two)
      })
      const agent = openAgent(root)
      agent.report.restart()
      const [file, variable] = inPlace(root)
      const told = agent.told()
      outcomes.add([file, variable, ...(told?.versions ?? ['unknown'])].join())
      if (told?.versions) t.strictSame(told.variables?.at(-1)?.[0], variable)
      else t.equal(told?.older, true)
      agent.refresh(three)
      t.strictSame(agent.told()?.versions, [three])
      t.equal(agent.told()?.variables?.at(-1)?.[0], three)
    })
    t.strictSame(
      outcomes,
      new Set([
        [one, one, one].join(),
        [one, two, 'unknown'].join(),
        [two, two, 'unknown'].join(),
        [two, two, two].join(),
      ]),
    )
    t.ok(calls > 60, `killed at ${calls} calls`)
  },
)
