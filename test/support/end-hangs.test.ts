import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startsFast } from './start-fast/bundles.ts'

const endHangs = join(import.meta.dirname, 'start-fast/end-hangs.ts')

/** A test file that goes on printing for longer than it may be quiet, and then waits without an end. */
const hanging = `
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { endHangs } from '${endHangs}'

endHangs({ lookMs: 20, quietMs: 200, factor: () => 1 })
for (let i = 0; i < 20; i++) {
  t.pass('lively')
  await setTimeout(60)
}
await t.test('this one', async (t) => {
  await t.test('waits', () => new Promise(() => setInterval(() => {}, 5)))
})
`

t.test('a test that prints nothing any more is ended, and named', async (t) => {
  const child = spawn(process.execPath, [...startsFast, '--input-type=module', '--eval', hanging], {
    cwd: import.meta.dirname,
    env: { ...process.env, TAP_TIMEOUT: '480' },
  })
  const [printed, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.equal(signal, 'SIGALRM')
  t.equal(printed.match(/^ok \d+ - lively$/gm)?.length, 20)
  t.match(printed, /not ok \d - waits[\s\S]*not ok \d+ - this one/)
})
