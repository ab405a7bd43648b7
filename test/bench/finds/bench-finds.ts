import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { maxListedPages, secretsInPage } from '../../../delivery/contract.ts'
import { agentArguments, agentEnvironment, openStage, type Stage, vaultOf } from '../agent/stage.ts'
import { type Bench, type Figure, measureInTurns, mebibytes, milliseconds } from '../bench.ts'
import { measureProcess, medianOf, type Run } from '../measure-process.ts'

/** How many secrets the vaults have. The last one has more than a pod may list. */
const sizes = [25, 250, 1_000, 5_000]
/** How many of them match. */
const found = 10

/** Measures a find that matches 10 secrets in vaults of different sizes, for an account and for a pod. */
export const benchFinds: Bench = async ({ isSmoke }) => {
  const stage = await openStage('127.0.0.1', sizes)
  const turns = isSmoke ? 1 : 9
  const maxSecrets = maxListedPages * secretsInPage
  try {
    return [
      ...(await measureSizes(sizes, { who: 'account', runIn: runAccount(stage), turns, stage })),
      ...(await measureSizes(
        sizes.filter((size) => size <= maxSecrets),
        { who: 'pod', runIn: runPod(stage), turns, stage },
      )),
      await refusePod(stage, Math.max(...sizes)),
    ]
  } finally {
    await stage.close()
  }
}

type RunIn = (secrets: number) => () => Promise<Run>

/** The find of an ExternalSecret, from the sources: the difference between the sizes is what a page costs. */
const runAccount =
  (stage: Stage): RunIn =>
  (secrets) =>
  () => {
    agentArguments(stage)
    return measureProcess({
      folder: stage.folder,
      args: [
        join(import.meta.dirname, 'find-process.ts'),
        ...[join(stage.folder, 'akv/identity/token'), vaultOf(secrets), String(found)],
      ],
      env: { ...agentEnvironment(stage, { files: [] }), NODE_OPTIONS: '--max-semi-space-size=4' },
    })
  }

/** The agent as in its image, from start to exit. */
const runPod =
  (stage: Stage): RunIn =>
  (secrets) =>
  () =>
    measureProcess({
      folder: stage.folder,
      args: agentArguments(stage),
      env: podEnvironment(stage, secrets),
    })

const podEnvironment = (stage: Stage, secrets: number) =>
  agentEnvironment(stage, {
    files: [],
    finds: [{ path: 'app', vault: vaultOf(secrets), pattern: 'app-1-*' }],
  })

async function measureSizes(
  some: readonly number[],
  {
    who,
    runIn,
    turns,
    stage,
  }: {
    readonly who: string
    readonly runIn: RunIn
    readonly turns: number
    readonly stage: Stage
  },
): Promise<readonly Figure[]> {
  const requests = new Map<number, number>()
  for (const size of some) {
    const before = await countLists(stage, size)
    await runIn(size)()
    requests.set(size, (await countLists(stage, size)) - before)
  }
  const runs = await measureInTurns<string, Run>(
    Object.fromEntries(some.map((size) => [size, runIn(size)])),
    turns,
  )
  const medians = some.map((size) => ({ size, run: medianOf(runs[size] ?? []) }))
  const [fewest] = medians
  return medians.map(({ size, run }): Figure => {
    const pages = Math.ceil(size / secretsInPage)
    const counted = requests.get(size)
    const each = fewest && pages > 1 && (run.cpuMs - fewest.run.cpuMs) / (pages - 1)
    return {
      what: `${who}, vault of ${size.toLocaleString('en')} secrets`,
      value: [
        `requests for the list: ${counted}`,
        `${mebibytes(run.peakBytes)} at its peak`,
        `${milliseconds(run.cpuMs)} of CPU${each ? `, ${milliseconds(each)} for each further page` : ''}`,
        `${milliseconds(run.wallMs)} in all`,
      ].join('; '),
      ...(counted !== pages && { failure: `${counted} requests instead of ${pages}` }),
    }
  })
}

async function countLists({ controlUrl }: Stage, secrets: number): Promise<number> {
  const response = await fetch(`${controlUrl}/requests`)
  const { requests } = (await response.json()) as {
    readonly requests: readonly { readonly path: string }[]
  }
  return requests.filter(({ path }) => path.endsWith(`/${vaultOf(secrets)}/secrets`)).length
}

/** Runs a pod in a vault that it may not list as a whole. */
async function refusePod(stage: Stage, secrets: number): Promise<Figure> {
  const before = await countLists(stage, secrets)
  const env = podEnvironment(stage, secrets)
  const child = spawn(process.execPath, [...agentArguments(stage)], { env, stdio: 'ignore' })
  await once(child, 'exit')
  const requests = (await countLists(stage, secrets)) - before
  const said = readFileSync(join(stage.folder, 'akv/ended'), 'utf8')
  const isRefused = said.includes(`more than ${maxListedPages} pages`)
  return {
    what: `pod, vault of ${secrets.toLocaleString('en')} secrets`,
    value: `requests for the list: ${requests}; ${said.split(';', 1).join()}`,
    ...(!(isRefused && requests === maxListedPages + 1) && { failure: 'it is not refused' }),
  }
}
