// npm run bench: prints tables of figures. Compare figures only within one run.

import { parseArgs } from 'node:util'
import { benchAdmission } from './admission/bench-admission.ts'
import { benchAgent } from './agent/bench-agent.ts'
import { benchRest } from './agent/bench-rest.ts'
import { benchRoundTrips } from './agent/bench-round-trips.ts'
import { type Bench, type Figure, printFigures } from './bench.ts'
import { benchRendering } from './cli-rendering.ts'
import { benchRepository } from './cli-repository.ts'
import { benchCommandLine } from './command-line.ts'
import { benchCore } from './core.ts'
import { benchFinds } from './finds/bench-finds.ts'
import { benchPfx } from './pfx.ts'
import { compareWithRecord, readRecord, writeRecord } from './record.ts'
import { benchSync } from './sync.ts'
import { benchSyncAccounts } from './sync-accounts/bench-sync-accounts.ts'
import { benchTemplateCosts } from './template-costs.ts'
import { benchTenants } from './tenants/bench-tenants.ts'

interface Table {
  readonly title: string
  readonly bench: Bench
  /** What the figures are compared with, printed below the title. */
  readonly note?: string
  /** Takes minutes, so a full run measures it only if it is named. */
  readonly isLong?: true
}

const tables: Readonly<Record<string, Table>> = {
  admission: {
    title: 'admission over TLS, each server on one core',
    note: 'The floor, bare Fastify, parses the same 400 reviews, and answers each with the same bytes, which it has from a file.',
    bench: benchAdmission,
  },
  tenants: {
    title: 'tenants beside each other, at one webhook on one core',
    note: 'Small reviews come at 5 % of full load; the four callers of answers of 78 KB send without a pause. All but the silent connections come from one address, as on AKS.',
    bench: benchTenants,
  },
  core: { title: 'the core alone, with varied pods', bench: benchCore },
  agent: { title: 'the agent, from start to exit', bench: benchAgent },
  'agent-line': {
    title: 'the agent, 10 secrets, without and with a round trip to the vault',
    note: 'The floors send the same requests with node:https alone, check nothing and write nothing. The CSI driver’s provider reads one after another.',
    bench: benchRoundTrips,
  },
  'agent-rest': {
    title: 'the memory of an agent between refreshes',
    note: 'A pod has the first form from 5 minutes on, lite mode below or with metrics, and keeps its process after a restart.',
    bench: benchRest,
    isLong: true,
  },
  cli: { title: 'the npm package’s command, from start to exit', bench: benchCommandLine },
  'cli-repository': {
    title: 'check and migrate of a repository with two environments',
    bench: benchRepository,
    isLong: true,
  },
  'cli-rendering': {
    title: 'check of a repository of Flux, with the kustomize or kubectl on the PATH',
    bench: benchRendering,
    isLong: true,
  },
  finds: {
    title: 'a find that matches ten secrets, in vaults of different sizes',
    note: 'The find of an account is an expression, and runs from the sources; the pod has the agent of the image.',
    bench: benchFinds,
  },
  pfx: { title: 'certificates out of PKCS#12', bench: benchPfx },
  'template-costs': {
    title: 'templates of ExternalSecrets, compared with what is charged for them',
    bench: benchTemplateCosts,
  },
  sync: {
    title: 'Secret sync, one account beside others',
    note: 'The hostile account’s certificates are expensive to convert. It changes as often as the controller accepts it.',
    bench: benchSync,
  },
  'sync-accounts': {
    title: 'Secret sync, first sync of many accounts with one Secret each',
    bench: benchSyncAccounts,
    isLong: true,
  },
}

type Found = ReadonlyMap<string, readonly Figure[]>

/** The emulator lists its last 10,000 requests, and a refresh takes ten. */
const mostRefreshes = 900

const renew = 'npm run bench -- --smoke --record'
const usage = `npm run bench -- [--smoke] [--record] [--refreshes N] [TABLE...]
  --smoke        measure briefly, and fail if a ratio is more than twice the recorded one
  --record       with --smoke: record the ratios in test/bench/ratios.json
  --refreshes N  for agent-rest: measure after N refreshes, at most ${mostRefreshes}
  TABLE          measure only these: ${Object.keys(tables).join(', ')}`

/** @returns the exit code */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      smoke: { type: 'boolean' },
      record: { type: 'boolean' },
      refreshes: { type: 'string' },
    },
    allowPositionals: true,
  })
  const isSmoke = values.smoke === true
  const refreshes = Number(values.refreshes ?? 0)
  const usual = Object.keys(tables).filter((name) => isSmoke || !tables[name]?.isLong)
  const names = positionals.length > 0 ? positionals : usual
  const isKnown = names.every((name) => Object.hasOwn(tables, name))
  const isCount = Number.isInteger(refreshes) && refreshes >= 0 && refreshes <= mostRefreshes
  if (!isKnown || !isCount || (values.record && !isSmoke)) {
    console.error(usage)
    return 2
  }
  const found = new Map<string, readonly Figure[]>()
  const problems: string[] = []
  for (const name of names) {
    const { title, note, bench } = tables[name] as Table
    const measure = async () => {
      const figures = await bench({ isSmoke, ...(refreshes > 0 && { refreshes }) })
      printFigures(note === undefined ? title : `${title}\n(${note})`, figures)
      return new Map([[name, figures]])
    }
    if (isSmoke && !values.record) problems.push(...(await lastingProblems(measure)))
    else for (const [table, figures] of await measure()) found.set(table, figures)
  }
  if (values.record) writeRecord(found)
  if (!isSmoke || values.record) return 0
  console.log(`\n${problems.length === 0 ? 'nothing costs more than it may' : problems.join('\n')}`)
  return problems.length === 0 ? 0 : 1
}

/** A busy machine can spoil any figure once. What costs more does so each time. */
const maxMeasurements = 3

/** Measures until no figure has failed each time, and returns what is said of those that have. */
async function lastingProblems(measure: () => Promise<Found>): Promise<readonly string[]> {
  let lasting = problemsOf(await measure())
  for (let count = 1; count < maxMeasurements && lasting.size > 0; count++) {
    const again = problemsOf(await measure())
    lasting = new Map([...again].filter(([figure]) => lasting.has(figure)))
  }
  return [...lasting].map(([figure, problem]) => `${figure}: ${problem}`)
}

/** What is wrong, by the table and the figure. */
function problemsOf(found: Found): ReadonlyMap<string, string> {
  const failures = [...found].flatMap(([table, figures]) =>
    figures.flatMap(({ what, failure }) =>
      failure === undefined ? [] : [[`${table}: ${what}`, failure] as const],
    ),
  )
  return new Map([...failures, ...compareWithRecord(found, { record: readRecord(), renew })])
}

process.exitCode = await main()
