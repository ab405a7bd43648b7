import t from 'tap'
import { didYouMean, nearestName } from '../../../lib/problems/did-you-mean.ts'

const known = ['name', 'objectName', 'objectVersion', 'sync', 'manifest', 'filePermission']

t.test('a misspelt name is found', async (t) => {
  const found = {
    nmae: 'name',
    Name: 'name',
    OBJECTNAME: 'objectName',
    objectMode: 'objectName',
    objectVerison: 'objectVersion',
    snyc: 'sync',
    manifests: 'manifest',
    filePermsion: 'filePermission',
  }
  for (const [name, nearest] of Object.entries(found)) t.equal(nearestName(name, known), nearest)
})

t.test('another word is not a misspelling, however near the nearest is', async (t) => {
  const others = ['', 'x', 'engineVersion', 'objectDescription', 'find', 'constructor', '__proto__']
  for (const name of others) t.equal(nearestName(name, known), undefined, name)
  t.equal(nearestName('name', []), undefined)
})

t.test('the sentence lists what is accepted if nothing is near', async (t) => {
  t.equal(didYouMean('nmae', known), 'did you mean name?')
  t.equal(didYouMean('nmae', known, 'x.io/'), 'did you mean x.io/name?')
  t.equal(didYouMean('engine', ['a', 'b']), 'accepted: a, b')
  t.equal(didYouMean('engine', ['a', 'b'], 'x.io/'), 'accepted after x.io/: a, b')
})

t.test('a sentence stays short, whatever the name and the number of names', async (t) => {
  const many = Array.from({ length: 10_000 }, (_, index) => `name-of-the-vault-${index}`)
  t.match(didYouMean('x'.repeat(1_000_000), many), / 9960 more$/)
})
