import t from 'tap'
import type { WantedFile } from '../../../delivery/contract.ts'
import { dueObjects, failedObjects } from '../../../delivery/projection/due-objects.ts'
import {
  goodStatus,
  type ObjectStatus,
  unservedStatus,
} from '../../../delivery/projection/object-status.ts'
import {
  objectKey,
  type WantedObject,
  wantedObjects,
} from '../../../delivery/projection/wanted-objects.ts'
import type { ObjectType } from '../../../keyvault/reference.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'

const wanted = (type: ObjectType, name: string): WantedObject => ({
  reference: { vault: 'team-a', type, name },
  isRequired: true,
})
const key = wanted('key', 'web')
const certificate = wanted('cert', 'web')
const secret = wanted('secret', 'web')
const other = wanted('secret', 'db')
const error = new AkvError('AKV_FORBIDDEN', 'no role')
const failed: ObjectStatus = {
  failures: 1,
  dueAtMs: 500,
  goodAtMs: 0,
  error,
}
const statuses = (...failing: readonly WantedObject[]) =>
  new Map(
    [key, certificate, secret, other].map((object) => [
      objectKey(object.reference, object),
      failing.includes(object) ? failed : goodStatus(0),
    ]),
  )

t.test('if one part of a certificate failed, all its parts are fetched again', async (t) => {
  const again = (objects: readonly WantedObject[], ...failing: readonly WantedObject[]) =>
    failedObjects(objects, { statuses: statuses(...failing) })
  for (const part of [key, certificate, secret])
    t.strictSame(again([key, certificate, secret, other], part), [key, certificate, secret])
  t.strictSame(again([key, certificate, secret, other], other), [other])
  t.strictSame(again([key, secret, other], secret), [secret], 'they may be unrelated')
})

t.test('what a key store is made of is fetched together', async (t) => {
  const file = (name: string, password: string): WantedFile => ({
    path: name,
    object: { vault: 'team-a', type: 'pfx', name },
    password: { vault: 'team-a', type: 'secret', name: password },
  })
  const objects = wantedObjects({
    files: [file('a', 'p'), file('b', 'p'), file('c', 'q')],
    templates: [],
    env: [],
  })
  const names = (some: readonly WantedObject[]) => some.map(({ reference: { name } }) => name)
  t.strictSame(names(objects), ['a', 'p', 'b', 'c', 'q'])
  const again = (...failing: readonly string[]) =>
    names(
      failedObjects(objects, {
        statuses: new Map(
          objects.map(({ reference }) => [
            objectKey(reference),
            failing.includes(reference.name) ? failed : goodStatus(0),
          ]),
        ),
      }),
    )
  t.strictSame(again(), [])
  for (const name of ['a', 'b', 'p']) t.strictSame(again(name), ['a', 'p', 'b'], name)
  t.strictSame(again('q'), ['c', 'q'])
})

t.test('while one part of a certificate backs off, so do the others', async (t) => {
  const due = (objects: readonly WantedObject[], nowMs: number, failing: WantedObject) =>
    dueObjects(objects, { statuses: statuses(failing), nowMs })
  const all = [key, certificate, secret, other]
  for (const part of [key, certificate, secret]) {
    t.strictSame(due(all, 499, part), [other])
    t.strictSame(due(all, 500, part), all)
  }
  t.strictSame(due([key, secret, other], 499, secret), [key, other], 'they may be unrelated')
})

t.test('who asks for a refresh gets what backs off, but not what a vault has paused', async (t) => {
  const failing = statuses(other, secret)
  const unserved = unservedStatus(failed, { error, nowMs: 500 })
  failing.set(objectKey(secret.reference, secret), { ...unserved, dueAtMs: 500 })
  const due = (isAskedFor: boolean) =>
    dueObjects([secret, other, key], { statuses: failing, nowMs: 499, isAskedFor })
  t.strictSame(due(false), [key])
  t.strictSame(due(true), [other, key])
})
