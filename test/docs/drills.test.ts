import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { drills } from '../cluster/node/drills.ts'

t.test('every drill is a test on a node', async (t) => {
  let found = 0
  for (const [file, rows] of Object.entries(drills)) {
    const text = readFileSync(join(import.meta.dirname, '../cluster/node', file), 'utf8')
    t.match(text, `await openDrills(t, '${file}'`, 'it fails if a drill isn’t explained')
    for (const [drill, { title }] of Object.entries(rows)) {
      t.ok(text.includes(title), drill)
      found += 1
    }
  }
  t.ok(found >= 40, `there are ${found} drills`)
})
