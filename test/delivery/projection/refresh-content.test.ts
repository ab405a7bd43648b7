import t from 'tap'
import { goodStatus, type ObjectStatus } from '../../../delivery/projection/object-status.ts'
import { dueObjects, failedObjects } from '../../../delivery/projection/refresh-content.ts'
import { objectKey, type WantedObject } from '../../../delivery/projection/wanted-objects.ts'
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
const failed: ObjectStatus = {
  failures: 1,
  dueAtMs: 500,
  goodAtMs: 0,
  error: new AkvError('AKV_FORBIDDEN', 'no role'),
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
