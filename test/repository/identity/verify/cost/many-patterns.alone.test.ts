import t from 'tap'
import { countBlocks } from '../../../../support/count-steps.ts'
import { reportOnRoles, wideRole } from '../report-on-answers.ts'

async function count(patterns: number) {
  const reports: Awaited<ReturnType<typeof reportOnRoles>>[] = []
  const blocks = await countBlocks(async () => {
    reports.push(await reportOnRoles(5000, wideRole(patterns)))
  })
  return { report: reports[0], steps: [...blocks.values()].reduce((sum, times) => sum + times, 0) }
}

t.test('roles of many patterns cost little more than others', async (t) => {
  const control = await count(1)
  const wide = await count(250)
  t.match([control.report, wide.report], [{ isMatch: false }, { isMatch: false }])
  t.match(wide.report?.text, /too much: wide on the vault, through the group/)
  // 52 times.
  t.ok(wide.steps < control.steps * 100, `${wide.steps} steps, ${control.steps} with one pattern`)
})
