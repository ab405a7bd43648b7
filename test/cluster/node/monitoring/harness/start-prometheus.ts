import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Manifest } from '../../../../manifests/rendered.ts'
import { freePorts } from '../../../harness/free-ports.ts'
import { startOwnedProcess, untilReady } from '../../../harness/owned-process.ts'

/** A sample's time in seconds since 1970, and its value. */
export type Sample = readonly [seconds: number, value: string]

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly Sample[]
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface Prometheus {
  /** Returns the series of an expression now, each with one value. */
  query(expression: string): Promise<readonly Series[]>
  /** Returns the series of an expression since then, by default since the start, with a value for each interval. */
  queryAll(expression: string, sinceSeconds?: number): Promise<readonly Series[]>
  firing(): Promise<readonly FiringAlert[]>
}

export interface PrometheusOptions {
  /** The path of the program. */
  readonly program: string
  /** An empty folder. */
  readonly folder: string
  readonly scrapeConfigs: readonly object[]
  /** The content of the rule file. */
  readonly rules: object
  /** How often rules are evaluated. */
  readonly intervalSeconds: number
}

/** Starts a Prometheus, and stops it when the test ends. */
export async function startPrometheus(t: Test, options: PrometheusOptions): Promise<Prometheus> {
  const { program, folder, scrapeConfigs, rules, intervalSeconds } = options
  const write = (name: string, content: object) => {
    // JSON is YAML.
    writeFileSync(join(folder, name), JSON.stringify(content))
    return join(folder, name)
  }
  const file = write('prometheus.yml', {
    global: { evaluation_interval: `${intervalSeconds}s` },
    rule_files: [write('rules.yml', rules)],
    scrape_configs: scrapeConfigs,
  })
  const [port] = await freePorts(1)
  const logFile = join(folder, 'prometheus.log')
  const child = startOwnedProcess({
    program,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    logFile,
  })
  t.teardown(() => child.stop())
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, {
    ...{ name: 'Prometheus', logFile },
    isReady: () => isReady(url),
  })
  return clientOf(url, { startSeconds: Date.now() / 1000, intervalSeconds })
}

function clientOf(
  url: string,
  { startSeconds, intervalSeconds }: { startSeconds: number; intervalSeconds: number },
): Prometheus {
  return {
    async query(query) {
      const result: readonly Manifest[] = (await get(url, 'query', { query })).result
      return result.map(({ metric, value }) => ({ metric, values: [value] }))
    },
    async queryAll(query, start = startSeconds) {
      const range = { start, end: Date.now() / 1000, step: intervalSeconds }
      return (await get(url, 'query_range', { query, ...range })).result
    },
    async firing() {
      const alerts: readonly (FiringAlert & { readonly state: string })[] = (
        await get(url, 'alerts', {})
      ).alerts
      return alerts.filter(({ state }) => state === 'firing')
    },
  }
}

async function get(
  url: string,
  path: string,
  query: Readonly<Record<string, string | number>>,
): Promise<Manifest> {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const response = await fetch(`${url}/api/v1/${path}?${parameters}`)
  const { status, data, error } = (await response.json()) as Manifest
  if (status !== 'success') throw new Error(`Prometheus refuses ${path}: ${error}`)
  return data
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
