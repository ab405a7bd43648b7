import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import t from 'tap'
import { freePorts } from '../../cluster/harness/free-ports.ts'
import { agentConfig, secretFile } from '../harness/pod.ts'

/** 0.8 MiB is the code of the server, and what V8 compiles of it. */
const maxBytes = 1024 * 1024

/**
 * Answers each line of standard input with the bytes of its heap. Makes requests first, as an agent has done when it begins to
 * serve metrics.
 */
const program = `
import { get } from 'node:http'
import { createInterface } from 'node:readline'
const [bundle, text, url] = process.argv.slice(1)
const config = JSON.parse(text)
const log = { debug() {}, info() {}, warn() {} }
const dates = new Map(config.files.map(({ object: { vault, name } }) =>
  [vault + ':secrets/' + name, { createdAtMs: 1, expiresAtMs: 2 }]))
const figures = {
  refreshes: 0, switches: 0, failures: [], failingObjects: 0, lastRefreshAtMs: 0, lastSuccessAtMs: 0, dates,
}
const context = { config, clock: { now: () => 0, wallTime: () => 0 }, log, signal: new AbortController().signal }
for (let i = 0; i < 20; i++)
  await new Promise((resolve) => get(url, (response) => response.resume().on('end', resolve)))
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'serve') await (await import(bundle)).followRefreshes(context, figures)
  gc()
  const { heapUsed, external } = process.memoryUsage()
  console.log(heapUsed + external)
})
`

t.test('metrics take little of an agent’s heap, however often they are read', async (t) => {
  const outfile = join(t.testdir(), 'bundle.mjs')
  await build({
    entryPoints: ['init-agent/metrics/follow-refreshes.ts'],
    absWorkingDir: join(import.meta.dirname, '../../..'),
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
  const [metricsPort = 0] = await freePorts(1)
  const vault = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1')
  t.teardown(() => vault.close())
  await once(vault, 'listening')
  const { port } = vault.address() as { port: number }
  const files = Array.from({ length: 300 }, (_, i) => secretFile(`s${i}`))
  const config = agentConfig({ files, refreshSeconds: 300, metricsPort })
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--input-type=module',
      '-e',
      program,
      outfile,
      JSON.stringify(config),
      `http://127.0.0.1:${port}/`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  t.teardown(() => child.kill())
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (line: string) => {
    child.stdin.write(`${line}\n`)
    return Number((await answers.next()).value)
  }
  const without = await ask('look')
  await ask('serve')
  for (let scrape = 0; scrape < 300; scrape++) {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    if (scrape === 0) t.match(text, 'name="s0"')
  }
  const more = (await ask('look')) - without
  t.comment(`${Math.round(more / 1024)} KiB`)
  t.ok(more < maxBytes, `${more} bytes`)
})
