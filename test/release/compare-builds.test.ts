import { spawnSync } from 'node:child_process'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sha256, sumFiles } from '../../release/sum-files.ts'

const program = join(import.meta.dirname, '../../release/compare-builds')

/** The folders of two builds that agree. */
function builds(t: Test) {
  const files = { 'image.tar': 'an image', 'install.yaml': 'its digest' }
  const folder = t.testdir({ one: files, two: { ...files } })
  const [one, two] = [join(folder, 'one'), join(folder, 'two')]
  for (const build of [one, two]) writeFileSync(join(build, 'SHA256SUMS'), sumFiles(build))
  return { one, two }
}

function compare(...folders: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, folders, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

t.test('two builds agree, and the digest of their list is printed', (t) => {
  const { one, two } = builds(t)
  const stdout = `${sha256(join(one, 'SHA256SUMS'))}\n`
  t.strictSame(compare(one, two), { status: 0, stdout, stderr: '' })
  t.end()
})

t.test('builds that differ are refused, and each file that differs is named', (t) => {
  const { one, two } = builds(t)
  writeFileSync(join(two, 'image.tar'), 'another image')
  rmSync(join(two, 'SHA256SUMS'))
  writeFileSync(join(two, 'SHA256SUMS'), sumFiles(two))
  const refused = { status: 1, stdout: '', stderr: /the builds differ.*: image\.tar \n$/ }
  t.match(compare(one, two), refused)
  t.match(compare(two, one), refused)
  rmSync(join(two, 'SHA256SUMS'))
  writeFileSync(join(two, 'more'), '')
  writeFileSync(join(two, 'SHA256SUMS'), sumFiles(two))
  t.match(compare(one, two), { status: 1, stderr: /: image\.tar more \n$/ })
  t.end()
})

t.test('a list that isn’t true is refused, in either place', (t) => {
  const { one, two } = builds(t)
  const refused = (stderr: RegExp) => {
    t.match(compare(one, two), { status: 1, stdout: '', stderr })
    t.match(compare(two, one), { status: 1, stdout: '', stderr })
  }
  appendFileSync(join(two, 'image.tar'), ', changed')
  refused(/two has files that differ from its SHA256SUMS/)
  writeFileSync(join(two, 'image.tar'), 'an image')
  writeFileSync(join(two, 'unlisted'), '')
  refused(/two has other files than its SHA256SUMS lists: image\.tar install\.yaml unlisted/)
  rmSync(join(two, 'unlisted'))
  rmSync(join(two, 'install.yaml'))
  refused(/two has files that differ/)
  writeFileSync(join(two, 'SHA256SUMS'), '')
  refused(/two has files that differ/)
  rmSync(join(two, 'SHA256SUMS'))
  refused(/two has no file SHA256SUMS/)
  t.match(compare(one), { status: 1, stderr: /name the folders of two builds/ })
  t.end()
})
