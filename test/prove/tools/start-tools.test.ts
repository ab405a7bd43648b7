import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { startTools } from '../../../prove/tools/start-tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'

t.test('Terraform runs in a private folder, which a new root module replaces', async (t) => {
  const folder = t.testdir({ bin: {} })
  writeFileSync(
    join(folder, 'bin/terraform'),
    '#!/bin/sh\necho "$*"\ncd "${1#-chdir=}" && cat main.tf.json && touch terraform.tfstate\n',
    { mode: 0o755 },
  )
  const { PATH } = process.env
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  process.env['PATH'] = `${join(folder, 'bin')}${delimiter}${PATH}`
  const { signal } = new AbortController()
  const tools = startTools({
    ...{ folder, clock: fakeClock({}), isAttended: false, say: t.fail },
    ...{ abort: signal, abortWaiting: signal, nextFile: () => 'x' },
  })
  const root = join(folder, 'terraform')
  for (const name of ['one', 'two']) {
    const init = await tools.run({ tool: 'terraform', args: ['init'], root: { module: { name } } })
    t.match(init, { code: 0, stdout: `-chdir=${root} init\n` })
    t.match(init.stdout, `"name": "${name}"`)
    t.match(await tools.run({ tool: 'terraform', args: ['apply'] }), { code: 0, stdout: name })
    t.strictSame(readdirSync(root), ['main.tf.json', 'terraform.tfstate'])
    writeFileSync(join(root, 'terraform.tfstate.backup'), '')
  }
  t.equal(statSync(root).mode & 0o777, 0o700)
  t.equal(statSync(join(root, 'main.tf.json')).mode & 0o777, 0o600)
})
