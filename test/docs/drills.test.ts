import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { drills } from '../cluster/node/drills.ts'

t.test('every drill is a test on a node', async (t) => {
  let found = 0
  for (const [file, rows] of Object.entries(drills)) {
    const text = readFileSync(join(import.meta.dirname, '../cluster/node', file), 'utf8')
    const isOpened = text.replaceAll(/\s+/g, '').includes(`openDrills(t,'${file}'`)
    t.ok(isOpened, `${file} fails if it leaves out what status and doctor say`)
    for (const [drill, { title }] of Object.entries(rows)) {
      t.ok(text.includes(title), drill)
      found += 1
    }
  }
  t.ok(found >= 40, `there are ${found} drills`)
})
