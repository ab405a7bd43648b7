import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sumFiles } from '../../release/sum-files.ts'

t.test('sha256sum accepts the list', async (t) => {
  const folder = t.testdir({ b: 'content', a: '' })
  const sums = sumFiles(folder)
  t.match(sums, /^[0-9a-f]{64} {2}a\n[0-9a-f]{64} {2}b\n$/)
  writeFileSync(join(folder, 'SHA256SUMS'), sums)
  const checked = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], {
    cwd: folder,
    encoding: 'utf8',
  })
  t.equal(checked, 'a: OK\nb: OK\n')
})
