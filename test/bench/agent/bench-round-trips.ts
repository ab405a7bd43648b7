import { type Bench, type Figure, measureInTurns } from '../bench.ts'
import { compareRuns, measureProcess, medianOf, type Run } from '../measure-process.ts'
import { plainClient, plainEnvironment } from './plain-client.ts'
import { farAddress, openSlowLine } from './slow-line.ts'
import { agentArguments, agentEnvironment, openStage, type Stage, targets } from './stage.ts'

const count = 10
const names = targets('secret', count).map(({ object }) => object.name)

interface Program {
  readonly what: string
  readonly isOurs?: true
  readonly start: () => {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
  }
}

/**
 * Measures the agent with 10 secrets beside programs that send the same requests with `node:https` alone: all at once, and
 * one after another, as the CSI driver's provider for Azure does.
 */
export const benchRoundTrips: Bench = async ({ isSmoke }) => {
  const turns = isSmoke ? 5 : 25
  return [...(await measureAt(0, turns)), ...(await measureAt(30, turns))]
}

async function measureAt(roundTripMs: number, turns: number): Promise<readonly Figure[]> {
  const isSlow = roundTripMs > 0
  const stage = await openStage(isSlow ? farAddress : undefined)
  const closeLine = isSlow && (await openSlowLine(stage, roundTripMs))
  try {
    return await measurePrograms(stage, turns, `round trip ${roundTripMs} ms`)
  } finally {
    if (closeLine) closeLine()
    await stage.close()
  }
}

async function measurePrograms(stage: Stage, turns: number, suffix: string): Promise<Figure[]> {
  const { folder } = stage
  const measured = programs(stage)
  const { nothing = [], ...runs } = await measureInTurns<string, Run>(
    {
      nothing: () => measureProcess({ folder, args: ['-e', '0'] }),
      ...Object.fromEntries(
        measured.map(({ what, start }) => [what, () => measureProcess({ folder, ...start() })]),
      ),
    },
    turns,
  )
  const idle = medianOf(nothing)
  return [
    compareRuns(`node -e 0 (${suffix})`, idle, idle),
    ...measured.map(({ what, isOurs }) => {
      const run = medianOf(runs[what] ?? [])
      const { ratios, ...figure } = compareRuns(`${what}, ${suffix}`, run, idle)
      return { ...figure, ...(isOurs && ratios && { ratios }) }
    }),
  ]
}

function programs(stage: Stage): readonly Program[] {
  const plain = (isSequential: boolean) => () => ({
    args: ['-e', plainClient],
    env: plainEnvironment({ ...stage, names, isSequential }),
  })
  return [
    { what: 'node:https alone, all at once', start: plain(false) },
    { what: 'node:https alone, one after another', start: plain(true) },
    {
      what: 'agent',
      isOurs: true,
      start: () => ({
        args: agentArguments(stage),
        env: agentEnvironment(stage, { files: targets('secret', count) }),
      }),
    },
  ]
}
