import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findOperatorCrds, moduleSum } from './find-operator-crds.ts'

const names = ['podmonitors', 'servicemonitors', 'prometheusrules']

/** A machine whose Go answers each download with this hash, or fails without one. */
function machine(t: Test, Sum?: string) {
  const home = t.testdir()
  const folder = join(home, 'module/example/prometheus-operator-crd')
  mkdirSync(folder, { recursive: true })
  for (const name of names)
    writeFileSync(join(folder, `monitoring.coreos.com_${name}.yaml`), `kind: ${name}`)
  const answer = Sum ? { Dir: join(home, 'module'), Sum } : { Error: 'no such module' }
  const go = `#!/bin/sh\necho '${JSON.stringify(answer)}'\n[ "$1" = version ] || exit ${Sum ? 0 : 1}\n`
  writeFileSync(join(home, 'go'), go)
  chmodSync(join(home, 'go'), 0o755)
  return { env: { HOME: home, PATH: home } }
}

t.test('the CRDs are downloaded once, into the cache', async (t) => {
  const { env } = machine(t, moduleSum)
  const crds = { kind: 'valid', value: names.map((kind) => ({ kind })) }
  t.strictSame(await findOperatorCrds({ env }), crds)
  t.strictSame(await findOperatorCrds({ env: { ...env, PATH: '' } }), crds)
})

t.test('a module with another hash is refused', async (t) => {
  const { env } = machine(t, 'h1:other')
  t.match(await findOperatorCrds({ env }), { problem: /has the hash h1:other instead of h1:/ })
})

t.test('a failed download leaves nothing, and the error has Go’s output', async (t) => {
  const { env } = machine(t)
  t.match(await findOperatorCrds({ env }), { problem: /no such module/ })
})

t.test('without Go the error says what to do', async (t) => {
  const { env } = machine(t)
  t.match(await findOperatorCrds({ env: { ...env, PATH: '' } }), {
    problem:
      /^the CRDs of the Prometheus operator .*: the program `go` is not in PATH\. Install Go/,
  })
})
