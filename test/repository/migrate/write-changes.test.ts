import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeChanges } from '../../../repository/migrate/files/write-changes.ts'

t.test('nothing is written if one file has changed since it was read', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'a', 'b.yaml': 'changed', 'c.yaml': 'c' })
  const { written, errors } = writeChanges([
    { path: join(folder, 'a.yaml'), before: 'a', after: 'new' },
    { path: join(folder, 'b.yaml'), before: 'b', after: 'new' },
    { path: join(folder, 'c.yaml'), before: 'c' },
    { path: join(folder, 'd.yaml'), after: 'new' },
  ])
  t.equal(written, 0)
  t.match(errors, [{ message: /b\.yaml: has changed since it was read$/ }])
  t.strictSame(readdirSync(folder), ['a.yaml', 'b.yaml', 'c.yaml'])
  t.equal(readFileSync(join(folder, 'a.yaml'), 'utf8'), 'a')
})

t.test('a new file never replaces one', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'a' })
  t.match(writeChanges([{ path: join(folder, 'a.yaml'), after: 'new' }]), {
    written: 0,
    errors: [{ message: /a\.yaml: exists already$/ }],
  })
})

t.test('nothing is written if one of the texts can’t be stored', async (t) => {
  // Not even root can write a temporary file whose name is longer than this one.
  const long = 'b'.repeat(255)
  const folder = t.testdir({ 'a.yaml': 'a', [long]: 'b' })
  const { written, errors } = writeChanges([
    { path: join(folder, 'a.yaml'), before: 'a', after: 'new' },
    { path: join(folder, long), before: 'b', after: 'new' },
  ])
  t.equal(written, 0)
  t.match(errors, [{ message: /bbb: can't be written: / }])
  t.strictSame(readdirSync(folder), ['a.yaml', long])
  t.equal(readFileSync(join(folder, 'a.yaml'), 'utf8'), 'a')
})

t.test('a file that isn’t a regular one is refused', async (t) => {
  const folder = t.testdir({ 'a.yaml': {} })
  writeFileSync(join(folder, 'b.yaml'), 'b')
  t.match(writeChanges([{ path: join(folder, 'a.yaml'), before: 'a', after: 'b' }]), {
    written: 0,
    errors: [{ message: /a\.yaml: is not a regular file$/ }],
  })
})
