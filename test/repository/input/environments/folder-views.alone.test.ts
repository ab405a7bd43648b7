import t from 'tap'
import { isClear, viewsByFolder } from '../../../../repository/input/environments/folder-views.ts'
import { findObject } from '../../../../repository/input/objects/find-object.ts'
import { findNamedObjects } from '../../../../repository/input/objects/find-objects.ts'
import { parseManifests } from '../../../../repository/input/read-manifests.ts'
import { countSteps } from '../../../support/count-steps.ts'

const reading = { command: 'check' }
/** The objects of files: the definitions of each file by the names of the objects. */
const read = (files: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  Object.entries(files).flatMap(([source, objects]) =>
    Object.entries(objects).flatMap(([name, value]) => {
      const text = `{kind: SecretProviderClass, metadata: {name: ${name}}, spec: {value: ${value}}}`
      return parseManifests(text, source, reading).flatMap((manifest) =>
        findNamedObjects(manifest, 'shop'),
      )
    }),
  )
const wanted = (name: string) => ({ kind: 'SecretProviderClass', namespace: 'shop', name })

function seenFrom(files: Parameters<typeof read>[0]) {
  const objects = read(files)
  const [example] = read({ example: { x: '1' } })
  if (example === undefined) throw new Error('no example')
  const viewOf = viewsByFolder(objects)
  return (source: string) => {
    const view = viewOf({ manifest: { ...example.manifest, source } })
    const sourcesOf = (some: typeof objects) => some.map(({ manifest }) => manifest.source)
    return {
      all: sourcesOf([...view.objects]),
      find(name: string): string | undefined {
        const found = findObject(view.lookUps, wanted(name))
        return isClear(found) ? found.manifest.source : found?.unclear
      },
    }
  }
}

t.test('a name with one definition is found from any folder', async (t) => {
  const from = seenFrom({ 'classes/kv.yaml': { kv: 'a' } })
  for (const file of ['workloads/web.yaml', 'web.yaml', 'classes/deep/web.yaml'])
    t.equal(from(file).find('kv'), 'classes/kv.yaml', file)
  t.equal(from('web.yaml').find('other'), undefined)
})

t.test(
  'equal copies of an object are one definition, however their members are ordered',
  async (t) => {
    const from = seenFrom({
      'dev/kv.yaml': { kv: '{a: 1, b: [2]}' },
      'prod/kv.yaml': { kv: '{b: [2], a: 1}' },
    })
    t.equal(from('web.yaml').find('kv'), 'dev/kv.yaml')
    t.strictSame(from('web.yaml').all, ['dev/kv.yaml'])
  },
)

t.test(
  'of different definitions, the one in the nearest folder above the file counts',
  async (t) => {
    const from = seenFrom({
      'kv.yaml': { kv: 'base' },
      'dev/kv.yaml': { kv: 'dev' },
      'prod/eu/kv.yaml': { kv: 'eu' },
    })
    t.equal(from('dev/web.yaml').find('kv'), 'dev/kv.yaml')
    t.equal(from('dev/apps/web.yaml').find('kv'), 'dev/kv.yaml')
    t.equal(from('prod/web.yaml').find('kv'), 'kv.yaml')
    t.equal(from('prod/eu/web.yaml').find('kv'), 'prod/eu/kv.yaml')
  },
)

t.test(
  'nothing is chosen among two definitions in one folder, or if none is above the file',
  async (t) => {
    const from = seenFrom({
      'classes/dev/kv.yaml': { kv: 'dev' },
      'classes/dev/again.yaml': { kv: 'another' },
      'classes/prod/kv.yaml': { kv: 'prod' },
    })
    t.match(
      from('classes/dev/web.yaml').find('kv'),
      'is defined differently in one folder (classes/dev/kv.yaml:1, classes/dev/again.yaml:1); keep',
    )
    t.equal(from('classes/prod/web.yaml').find('kv'), 'classes/prod/kv.yaml')
    t.match(
      from('workloads/web.yaml').find('kv'),
      'is defined differently in classes/dev/kv.yaml:1, classes/dev/again.yaml:1, classes/prod/kv.yaml:1, and none',
    )
  },
)

t.test('folders with different definitions of a name are different environments', async (t) => {
  const from = seenFrom({
    'shared/common.yaml': { common: 'c' },
    'dev/kv.yaml': { kv: 'dev' },
    'dev/more/cache.yaml': { cache: 'x' },
    'prod/kv.yaml': { kv: 'prod' },
  })
  const { all, find } = from('prod/web.yaml')
  t.strictSame(all, ['shared/common.yaml', 'prod/kv.yaml'])
  t.equal(find('cache'), 'dev/more/cache.yaml', 'a single definition is found all the same')
  t.strictSame(from('dev/web.yaml').all, [
    'shared/common.yaml',
    'dev/kv.yaml',
    'dev/more/cache.yaml',
  ])
})

t.test('an unrelated file changes nothing for the others', async (t) => {
  const files = { 'dev/kv.yaml': { kv: 'dev' }, 'prod/kv.yaml': { kv: 'prod' } }
  const before = seenFrom(files)
  const after = seenFrom({ ...files, 'test/other.yaml': { other: 'y' }, 'x.yaml': { z: 'z' } })
  for (const file of ['dev/web.yaml', 'prod/web.yaml', 'web.yaml'])
    t.strictSame(after(file).find('kv'), before(file).find('kv'), file)
})

t.test('each of 400 environments sees only its own objects', async (t) => {
  const environments = Array.from({ length: 400 }, (_, i) => `env-${i}`)
  const from = seenFrom(
    Object.fromEntries(
      environments.map((name) => [`${name}/kv.yaml`, { kv: name, [`own-of-${name}`]: 'x' }]),
    ),
  )
  for (const name of environments) t.equal(from(`${name}/web.yaml`).all.length, 2, name)
})

t.test('the work for the names of two environments grows with their number', async (t) => {
  const stepsFor = (count: number) => {
    const objects = read(
      Object.fromEntries(
        ['dev', 'prod'].map((folder) => [
          `${folder}/all.yaml`,
          Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, folder])),
        ]),
      ),
    )
    return countSteps(() => objects.map(viewsByFolder(objects))).steps
  }
  const [few, many] = [stepsFor(100), stepsFor(400)]
  t.ok(few > 1_000, `${few} steps`)
  t.ok(many < 5 * few, `${many} steps for four times as many`)
})
