import type { Test } from 'tap'
import type { KubeObject } from '../../client/api.ts'
import type { Drill } from '../drill.ts'
import { drills } from '../drills.ts'
import { bundleProgram, doctorOf, runProgram, untilVerdict } from './run-doctor.ts'
import { untilSaid } from './until-said.ts'

/** What is in a drill's state: a pod, a workload without pods, an account, or the whole cluster. */
export type Explained = KubeObject | 'cluster'

/** Expects of `status` and `doctor` what the drill's row says (test/cluster/node/drills.ts). */
export type Explain = (t: Test, title: string, explained: Explained) => Promise<void>

/**
 * Gives what the tests of a file call in the state of each of its drills. The file fails if it leaves one out.
 *
 * @param file - as in the list of the drills
 * @param except - the titles of drills that this cluster can't have
 * @param options - `viewer`: the kubeconfig of somebody with the ClusterRole `view`, who hears the verdicts
 */
export async function openDrills(
  t: Test,
  file: keyof typeof drills,
  except: readonly string[] = [],
  { viewer }: { readonly viewer?: string } = {},
): Promise<Explain> {
  const program = await bundleProgram(t)
  const rows = new Map<string, Drill>(
    Object.values(drills[file]).map((drill: Drill) => [drill.title, drill]),
  )
  const left = new Set([...rows.keys()].filter((title) => !except.includes(title)))
  t.teardown(() => {
    if (left.size > 0) throw new Error(`nothing explained ${[...left].join('; ')}`)
  })

  return async (t, title, explained) => {
    const drill = rows.get(title)
    if (drill === undefined) throw new Error(`${file} has no drill "${title}"`)
    left.delete(title)
    const { status, doctor, verdict } = drill
    if (status !== undefined && explained !== 'cluster')
      await untilSaid(t, () => statusOf(program, explained), status)
    if (doctor !== undefined)
      await untilSaid(t, () => runProgram(program, argumentsFor(explained)), doctor)
    if (verdict !== undefined && viewer !== undefined && explained !== 'cluster')
      await untilVerdict(t, explained, { program, viewer, verdict })
  }
}

const at = ({ metadata }: KubeObject): string => `--namespace=${metadata.namespace}`

/** The state and the code of the object's row. */
async function statusOf(program: string, object: KubeObject): Promise<string> {
  const said = await runProgram(program, ['status', at(object), '--output=json'])
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
const argumentsFor = (explained: Explained): readonly string[] =>
  explained === 'cluster' || explained.kind === 'ServiceAccount' ? ['doctor'] : doctorOf(explained)
