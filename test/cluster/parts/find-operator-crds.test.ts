import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findOperatorCrds, type Operator, operators } from './find-operator-crds.ts'

/** A machine whose Go answers each download with this hash, or fails without one. */
function machine(t: Test, operator: Operator, Sum?: string) {
  const home = t.testdir()
  const { folder: within, files } = operators[operator]
  const folder = join(home, 'module', within)
  mkdirSync(folder, { recursive: true })
  for (const file of files) writeFileSync(join(folder, file), `kind: ${file}`)
  const answer = Sum ? { Dir: join(home, 'module'), Sum } : { Error: 'no such module' }
  const go = `#!/bin/sh\necho '${JSON.stringify(answer)}'\n[ "$1" = version ] || exit ${Sum ? 0 : 1}\n`
  writeFileSync(join(home, 'go'), go)
  chmodSync(join(home, 'go'), 0o755)
  return { env: { HOME: home, PATH: home } }
}

for (const operator of Object.keys(operators) as readonly Operator[])
  t.test(`${operator}: the CRDs are downloaded once, into the cache`, async (t) => {
    const { sum, files } = operators[operator]
    const { env } = machine(t, operator, sum)
    const crds = { kind: 'valid', value: files.map((kind) => ({ kind })) }
    t.strictSame(await findOperatorCrds(operator, { env }), crds)
    t.strictSame(await findOperatorCrds(operator, { env: { ...env, PATH: '' } }), crds)
  })

const operator = 'prometheus-operator'

t.test('a module with another hash is refused', async (t) => {
  const { env } = machine(t, operator, 'h1:other')
  t.match(await findOperatorCrds(operator, { env }), {
    problem: /has the hash h1:other instead of h1:/,
  })
})

t.test('a failed download leaves nothing, and the error has Go’s output', async (t) => {
  const { env } = machine(t, operator)
  t.match(await findOperatorCrds(operator, { env }), { problem: /no such module/ })
})

t.test('without Go the error says what to do', async (t) => {
  const { env } = machine(t, operator)
  t.match(await findOperatorCrds(operator, { env: { ...env, PATH: '' } }), {
    problem:
      /^the CRDs of the Prometheus operator .*: the program `go` is not in PATH\. Install Go/,
  })
})
