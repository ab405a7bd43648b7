import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LivePolicy } from '../../../webhook/http/live-policy.ts'
import { until } from './running-webhook.ts'
import { testSettings } from './test-settings.ts'

t.test('changed defaults are read again, and what can’t be used changes nothing', async (t) => {
  const folder = t.testdir({ 'defaults.yaml': 'shop: { vault: one }' })
  const file = join(folder, 'defaults.yaml')
  const lines: string[] = []
  let failures = 0
  const line = (details: object, message?: string) =>
    void lines.push(`${message} ${JSON.stringify(details)}`)
  const policy = new LivePolicy({ ...testSettings(folder), defaultsFile: file })
  t.teardown(() => policy.stop())
  await policy.follow({
    log: { info: line, warn: line, error: line } as never,
    metrics: { countReloadFailure: () => void failures++ },
    intervalMs: 5,
  })
  const vault = () => policy.current().teamDefaults?.get('shop')?.['vault']
  const write = (text: string) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  t.equal(vault(), 'one')
  write('shop: { vault: two }')
  await until(() => vault() === 'two')
  write('shop: { vaullt: three }')
  await until(() => failures === 1)
  t.equal(vault(), 'two')
  t.match(lines.at(-1), /can't be used.*shop\.vaullt/)
  write('shop: { vault: three, agent-requests: memory=1Gi }')
  await until(() => failures === 2)
  t.equal(vault(), 'two')
  t.match(lines.at(-1), /shop: its pods would request memory=1Gi with a limit of memory=/)
  write('shop: { vault: four }')
  await until(() => vault() === 'four')
  t.equal(failures, 2)
})
