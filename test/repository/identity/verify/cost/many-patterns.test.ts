import t from 'tap'
import { reportOnRoles, wideRole } from '../report-on-answers.ts'

async function measure(patterns: number) {
  const start = process.cpuUsage()
  const { text, isMatch } = await reportOnRoles(5000, wideRole(patterns))
  return { text, isMatch, cpu: process.cpuUsage(start).user }
}

t.test('roles of many patterns cost little more than others', async (t) => {
  await measure(1)
  const control = await measure(1)
  const wide = await measure(250)
  t.notOk(control.isMatch || wide.isMatch)
  t.match(wide.text, /too much: wide on the vault, through the group/)
  t.ok(wide.cpu < control.cpu * 200, `${wide.cpu} µs, ${control.cpu} µs with one pattern`)
})
