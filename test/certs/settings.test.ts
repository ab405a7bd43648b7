import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CertsFlags, defaultFlags, readFlags } from '../../certs/settings.ts'
import { run } from '../support/run-command-line.ts'

const read = (flags: Partial<CertsFlags>) => readFlags({ ...defaultFlags, ...flags })

t.test('the defaults are valid, and an address is split into host and port', async (t) => {
  t.match(read({}), { value: { healthListen: { host: '0.0.0.0', port: 8080 } } })
  t.match(read({ healthListen: '[::1]:1' }), {
    value: { healthListen: { host: '::1', port: 1 } },
  })
})

t.test('the certificate controller accepts the names that Kubernetes accepts', async (t) => {
  for (const name of ['a', 'a-b', '9', 'x'.repeat(63)])
    t.match(read({ service: name }), { value: { service: name } })
  for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a.b', 'a/b', '../x', 'x'.repeat(64), 'ä', 'a\n'])
    t.match(read({ service: name }), { problems: { length: 1 } }, JSON.stringify(name))
  for (const name of ['a.b', 'x'.repeat(253)])
    t.match(read({ caSecret: name }), { value: { caSecret: name } })
  for (const name of ['.', 'a..b', 'a.', '.a', 'a.-b', 'x'.repeat(254)])
    t.match(read({ caSecret: name }), { problems: { length: 1 } }, name)
})

t.test('an address needs a host and a port', async (t) => {
  for (const text of ['', '8080', ':8080', 'a:', 'a:65536', 'a:b', '::1:80', '[::1]', 'a b:80'])
    t.match(read({ healthListen: text }), { problems: [/^--health-listen ".*": expected/] }, text)
})

t.test('a message is one short line, whatever the value is', async (t) => {
  const found = read({ namespace: `x\n${'y'.repeat(10_000)}` })
  t.match(found, { problems: [/^--namespace "x\\ny{77}…": expected [^\n]{0,200}$/] })
})

t.test('the page lists every flag with its default', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/certificates.md'), 'utf8')
  const { stdout } = await run(['certs', '--help'])
  // The examples name some of them again.
  const flags = [...new Set([...stdout.matchAll(/--[a-z]+-?[a-z]+/g)].map(([flag]) => flag))]
  const named = [...page.matchAll(/^\| `(--[^`]+)` \|.*\| `([^`]+)` \|$/gm)]
  t.strictSame(
    named.map(([, flag]) => flag).sort(),
    flags.filter((flag) => flag !== '--help').sort(),
  )
  t.strictSame(named.map(([, , value]) => value).sort(), Object.values(defaultFlags).sort())
})
