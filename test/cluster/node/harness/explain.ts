import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bundle } from '../../../../image/bundle.ts'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { type Drill, drills } from '../drills.ts'
import { podTimeoutMs } from './open-node.ts'

/** What is in a drill's state: a pod, a workload without pods, an account, or the whole cluster. */
export type Explained = KubeObject | 'cluster'

/** Expects of `status` and `doctor` what the drill's row says (test/cluster/node/drills.ts). */
export type Explain = (t: Test, title: string, explained: Explained) => Promise<void>

/**
 * Gives what the tests of a file call in the state of each of its drills. The file fails if it leaves one out.
 *
 * @param file - as in the list of the drills
 * @param except - the titles of drills that this cluster can't have
 */
export async function openDrills(
  t: Test,
  file: keyof typeof drills,
  except: readonly string[] = [],
): Promise<Explain> {
  const { path: folder, remove } = temporaryFolder()
  t.teardown(remove)
  await bundle(folder)
  const program = join(folder, 'main.js')
  const rows = new Map<string, Drill>(
    Object.values(drills[file]).map((drill: Drill) => [drill.title, drill]),
  )
  const left = new Set([...rows.keys()].filter((title) => !except.includes(title)))
  t.teardown(() => {
    if (left.size > 0) throw new Error(`nothing explained ${[...left].join('; ')}`)
  })

  /** Repeats a command, because events and logs arrive after a moment. */
  async function untilSaid(t: Test, say: () => Promise<string>, words: string): Promise<void> {
    let said = ''
    await until(async () => {
      said = await say()
      return said.includes(words)
    }, podTimeoutMs).catch(() => undefined)
    t.match(said, words)
  }

  return async (t, title, explained) => {
    const drill = rows.get(title)
    if (drill === undefined) throw new Error(`${file} has no drill "${title}"`)
    left.delete(title)
    const { status, doctor } = drill
    if (status !== undefined && explained !== 'cluster')
      await untilSaid(t, () => statusOf(program, explained), status)
    await untilSaid(t, () => run(program, doctorOf(explained)), doctor)
  }
}

const at = ({ metadata }: KubeObject): string => `--namespace=${metadata.namespace}`

/** The state and the code of the object's row. */
async function statusOf(program: string, object: KubeObject): Promise<string> {
  const said = await run(program, ['status', at(object), '--output=json'])
  const { rows } = JSON.parse(said) as { readonly rows: readonly StatusRow[] }
  const row = rows.find(({ kind, name }) => kind === object.kind && name === object.metadata.name)
  return row ? [row.state, row.code ?? ''].join(' ').trim() : said
}

interface StatusRow {
  readonly kind: string
  readonly name: string
  readonly state: string
  readonly code?: string
}

/** Only a pod or a workload has a report of its own. */
const doctorOf = (explained: Explained): readonly string[] =>
  explained === 'cluster' || explained.kind === 'ServiceAccount'
    ? ['doctor']
    : [
        'doctor',
        ...(explained.kind === 'Pod'
          ? ['pod', `${explained.metadata.name}`]
          : [`${explained.kind.toLowerCase()}/${explained.metadata.name}`]),
        at(explained),
      ]

/** The standard output. The commands exit with 1 if something fails. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (_, stdout) => resolve(stdout))
  })
}
