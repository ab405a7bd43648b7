import fc from 'fast-check'
import t from 'tap'
import { Member } from '../../../sync/follow/member.ts'
import { numRuns } from '../../support/property-runs.ts'

const seen = (name: string, version: number, uid = `uid-${name}`) => ({
  namespace: 'a',
  name,
  uid,
  resourceVersion: String(version),
})

function start() {
  const state = new Map<string, string>()
  const uids = new Map<string, string>()
  const told: string[] = []
  const member = new Member<ReturnType<typeof seen>>('a', {
    onObject({ name, uid, resourceVersion }) {
      if (state.has(name) && uids.get(name) !== uid)
        throw new Error(`nothing says that an earlier ${name} has gone`)
      uids.set(name, uid)
      told.push(`${name} ${resourceVersion}`)
      state.set(name, resourceVersion)
      return true
    },
    onGone(name) {
      told.push(`gone ${name}`)
      state.delete(name)
    },
    onListed: () => undefined,
  })
  return { member, state, told }
}

t.test('events that are older than a list change nothing', async (t) => {
  const { member, told } = start()
  await member.replace({ objects: [seen('web', 8)], resourceVersion: '10' })
  member.noteEvent(seen('web', 7))
  member.noteEvent(seen('old', 9))
  member.dropEvent(seen('web', 10))
  member.noteEvent(seen('web', 11))
  member.dropEvent(seen('web', 12))
  t.strictSame(told, ['web 8', 'web 11', 'gone web'])
})

t.test('what changes while a list is read isn’t undone by it', async (t) => {
  const { member, state } = start()
  await member.replace({ objects: [seen('kept', 1), seen('gone', 2)], resourceVersion: '5' })
  const listing = member.beginList()
  member.noteEvent(seen('new', 12))
  member.noteEvent(seen('kept', 13))
  member.dropEvent(seen('gone', 14))
  const objects = [seen('kept', 1), seen('gone', 2), seen('other', 9)]
  t.ok(await member.replace({ objects, resourceVersion: '10' }, listing))
  t.strictSame([...state].sort(), [
    ['kept', '13'],
    ['new', '12'],
    ['other', '9'],
  ])
})

t.test(
  'an object that was deleted and created again between two lists is another one',
  async (t) => {
    const { member, told } = start()
    const list = (version: number, uid: string) => ({
      objects: [seen('web', version, uid), seen('same', 1)],
      resourceVersion: String(version),
    })
    await member.replace(list(1, 'first'))
    await member.replace(list(5, 'second'))
    t.strictSame(told, ['web 1', 'same 1', 'gone web', 'web 5'])
    member.forgetVersions()
    await member.replace(list(9, 'third'))
    t.strictSame(told.slice(4), ['gone web', 'web 9', 'same 1'])
  },
)

t.test('a list during which too much changes has to be read again', async (t) => {
  const { member } = start()
  const listing = member.beginList()
  for (let i = 0; i < 10_000; i++) member.noteEvent(seen(`app-${i}`, i + 1))
  t.notOk(await member.replace({ objects: [], resourceVersion: '1' }, listing))
})

t.test('a member that has ended gets nothing more', async (t) => {
  const { member, told } = start()
  member.end()
  member.noteEvent(seen('web', 1))
  await member.replace({ objects: [seen('web', 1)], resourceVersion: '2' })
  t.strictSame(told, [])
})

t.test('forgotten versions are delivered again, and nothing else is', async (t) => {
  const { member, told } = start()
  const list = { objects: [seen('web', 1)], resourceVersion: '2' }
  await member.replace(list)
  await member.replace(list)
  member.forgetVersions()
  await member.replace(list)
  t.strictSame(told, ['web 1', 'web 1'])
})

t.test('in whatever order lists and events come, the newest state wins', async () => {
  const change = fc.record({ name: fc.constantFrom('x', 'y', 'z'), isDeletion: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 30 }),
      fc.nat(30),
      fc.nat(30),
      fc.nat(30),
      async (changes, from, at, until) => {
        const count = changes.length
        const [first, snapshot, end] = [from, at, until]
          .map((index) => index % (count + 1))
          .sort((a, b) => a - b) as [number, number, number]
        const deletionsBefore = (length: number, deleted: string) =>
          changes.slice(0, length).filter((one) => one.isDeletion && one.name === deleted).length
        const objectOf = (name: string, version: number) =>
          seen(name, version, `${name}-${deletionsBefore(version - 1, name)}`)
        const stateAt = (length: number) => {
          const state = new Map<string, number>()
          for (const [index, { name, isDeletion }] of changes.slice(0, length).entries())
            if (isDeletion) state.delete(name)
            else state.set(name, index + 1)
          return state
        }
        const listAt = (length: number) => ({
          objects: [...stateAt(length)].map(([name, version]) => objectOf(name, version)),
          resourceVersion: String(length),
        })
        const { member, state } = start()
        const deliver = (begin: number, to: number) => {
          for (let index = begin; index < to; index++) {
            const { name, isDeletion } = changes[index] ?? { name: '', isDeletion: false }
            if (isDeletion) member.dropEvent(objectOf(name, index + 1))
            else member.noteEvent(objectOf(name, index + 1))
          }
        }
        // The watch has begun at the first list. A list of its own is read while it brings events.
        await member.replace(listAt(first))
        const listing = member.beginList()
        deliver(first, end)
        await member.replace(listAt(snapshot), listing)
        deliver(end, count)
        const expected = [...stateAt(count)].map(([name, version]) => [name, String(version)])
        const found = [...state].sort()
        if (JSON.stringify(found) !== JSON.stringify(expected.sort()))
          throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`)
      },
    ),
    { numRuns },
  )
})
