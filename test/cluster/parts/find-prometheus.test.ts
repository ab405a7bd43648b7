import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { cacheFolder } from './find-parts.ts'
import { findPrometheus } from './find-prometheus.ts'

const log = () => {}
const cacheOf = (env: Parameters<typeof cacheFolder>[0]) => dirname(cacheFolder(env, 'kubernetes'))

function program(folder: string, name: string, text = ''): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(folder, name), 0o755)
  return join(folder, name)
}

t.test('PROMETHEUS comes before PATH, and PATH before the cache', async (t) => {
  const home = t.testdir()
  const env = { HOME: home, PATH: join(home, 'bin') }
  const cached = program(cacheOf(env), 'prometheus')
  t.match(findPrometheus({ env, log, install: false }), { value: cached })
  const onPath = program(env.PATH, 'prometheus')
  t.match(findPrometheus({ env, log, install: false }), { value: onPath })
  const named = program(home, 'mine')
  t.match(findPrometheus({ env: { ...env, PROMETHEUS: named }, log, install: false }), {
    value: named,
  })
})

t.test('without it, nothing is unpacked unless it is required', async (t) => {
  const home = t.testdir()
  const env = { HOME: home, PATH: home }
  t.match(findPrometheus({ env, log, install: false }), { problem: /PROMETHEUS.*--required/ })
  t.match(findPrometheus({ env, log, install: true }), { problem: /apt-get: .*ENOENT/s })
  t.strictSame(readdirSync(cacheOf(env)), [])
})

t.test('Debian’s package is unpacked once, into the cache', async (t) => {
  const home = t.testdir()
  const env = { HOME: home, PATH: `${home}:/usr/bin:/bin` }
  program(home, 'apt-get', '[ "$1" = update ] || echo > prometheus_2.deb')
  program(home, 'dpkg', 'mkdir -p "$3/usr/bin"; cp "$0" "$3/usr/bin/prometheus"')
  const lines: string[] = []
  const find = () => findPrometheus({ env, log: (line) => void lines.push(line), install: true })
  const unpacked = { kind: 'valid', value: join(cacheOf(env), 'prometheus') }
  t.strictSame(find(), unpacked)
  t.strictSame(find(), unpacked)
  t.equal(lines.length, 1)
  t.strictSame(readdirSync(cacheOf(env)), ['prometheus'])
})

t.test('if apt-get fails, the problem has its output', async (t) => {
  const home = t.testdir()
  const env = { HOME: home, PATH: home }
  program(home, 'apt-get', 'echo "no such host" >&2; exit 100')
  t.match(findPrometheus({ env, log, install: true }), { problem: /apt-get: no such host$/ })
})
