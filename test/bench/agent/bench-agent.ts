import { type Bench, type Figure, measureInTurns } from '../bench.ts'
import { compareRuns, measureProcess, medianOf, type Run } from '../measure-process.ts'
import {
  agentArguments,
  agentEnvironment,
  mostSecrets,
  openStage,
  type Stage,
  targets,
  volumes,
  type Wanted,
} from './stage.ts'

/** The requests of pods. The first four don't need the modules of the others. */
const pods: readonly (Wanted & { readonly what: string })[] = [
  { what: '1 secret', files: targets('secret', 1) },
  { what: '10 secrets', files: targets('secret', 10) },
  { what: `${mostSecrets} secrets`, files: targets('secret', mostSecrets) },
  {
    what: `${mostSecrets} secrets in two served volumes`,
    files: targets('secret', mostSecrets).map((file, i) => ({
      ...file,
      volume: i % 2 ? 'one' : 'two',
    })),
    volumes,
  },
  { what: '1 key', files: targets('key', 1) },
  { what: '1 certificate as cert/', files: targets('cert', 1) },
  { what: '10 certificates as tls/', files: targets('tls', 10) },
]

/** Measures the agent as in its image, from start to exit, and alternates with a Node process that does nothing. */
export const benchAgent: Bench = async ({ isSmoke }) => {
  const stage = await openStage()
  try {
    return await measureAgents(stage, isSmoke ? 5 : 25)
  } finally {
    await stage.close()
  }
}

async function measureAgents(stage: Stage, turns: number): Promise<Figure[]> {
  const { folder } = stage
  const agents = pods.map(({ what, ...wanted }) => [
    what,
    () =>
      measureProcess({
        folder,
        args: agentArguments(stage),
        env: agentEnvironment(stage, wanted),
      }),
  ])
  const { nothing = [], ...runs } = await measureInTurns<string, Run>(
    {
      nothing: () => measureProcess({ folder, args: ['-e', '0'] }),
      ...Object.fromEntries(agents),
    },
    turns,
  )
  const idle = medianOf(nothing)
  return [
    compareRuns('node -e 0', idle, idle),
    ...pods.map(({ what }) => compareRuns(`agent, ${what}`, medianOf(runs[what] ?? []), idle)),
  ]
}
