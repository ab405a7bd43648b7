import t from 'tap'
import { readClassFiles } from '../../../requests/class/read-class-files.ts'
import { keepLists } from '../../../webhook/api-server/keep-lists.ts'

const list = (name: string, vault = 'team-a') => ({
  vault,
  objects: `array:\n  - |\n    objectName: ${name}\n    objectType: secret\n`,
})

t.test('a list is read as ever, and once', async (t) => {
  const read = keepLists()
  const first = read(list('db-password'))
  t.strictSame(first, readClassFiles(list('db-password')))
  t.equal(read(list('db-password')), first, 'the same object')
  t.not(read(list('other')), first)
  t.match(read(list('db-password', 'team-b')).files[0], { file: { object: { vault: 'team-b' } } })
})

t.test('a list with a mistake, and an empty one, are read as ever', async (t) => {
  const read = keepLists()
  for (const wrong of [{ vault: 'team-a', objects: 'array: [' }, { vault: 'team-a' }, {}])
    for (let i = 0; i < 2; i++) t.strictSame(read(wrong), readClassFiles(wrong))
})

t.test('kept lists are bounded, and the oldest is forgotten first', async (t) => {
  const read = keepLists(32 * 1024)
  const first = read(list('first'))
  for (let i = 0; i < 15; i++) read(list(`secret-${i}`))
  t.equal(read(list('first')), first)
  for (let i = 0; i < 15; i++) read(list(`more-${i}`))
  t.equal(read(list('first')), first, 'it was asked for again')
  for (let i = 0; i < 100; i++) read(list(`flood-${i}`))
  t.not(read(list('first')), first)
})

t.test('a large list replaces no others', async (t) => {
  const read = keepLists(32 * 1024)
  const first = read(list('first'))
  const large = {
    vault: 'team-a',
    objects: `array:\n${Array.from({ length: 100 }, (_, i) => `  - "objectName: s${i}\\nobjectType: secret"\n`).join('')}`,
  }
  t.not(read(large), read(large))
  t.equal(read(list('first')), first)
})
