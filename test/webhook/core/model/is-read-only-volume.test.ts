import * as api from '@kubernetes/client-node'
import t from 'tap'
import {
  isReadOnlyVolume,
  volumeKinds,
} from '../../../../webhook/core/model/is-read-only-volume.ts'

/** Volumes of all kinds of the API, and whether each has the field `readOnly`. */
const kinds = api.V1Volume.getAttributeTypeMap()
  .filter(({ baseName }) => baseName !== 'name')
  .map(({ baseName: kind, type }) => {
    const source: unknown = Object.entries(api).find(([name]) => name === type)?.[1]
    return { kind, hasReadOnly: fieldsOf(source).includes('readOnly') }
  })

function fieldsOf(source: unknown): readonly string[] {
  t.equal(typeof source, 'function', 'the API has the type')
  const { getAttributeTypeMap } = source as typeof api.V1Volume
  return getAttributeTypeMap().map(({ baseName }) => baseName)
}

t.test('the table has all kinds of the API', async (t) => {
  t.strictSame(Object.keys(volumeKinds).toSorted(), kinds.map(({ kind }) => kind).toSorted())
  t.strictSame(
    Object.entries(volumeKinds).flatMap(([kind, access]) => (access === 'optional' ? kind : [])),
    kinds.flatMap(({ kind, hasReadOnly }) => (hasReadOnly ? kind : [])).toSorted(),
    'the kinds that have the field readOnly',
  )
})

t.test('a volume is read-only by its kind, or by its field', async (t) => {
  const found = (more: object) =>
    Object.keys(volumeKinds).filter((kind) => isReadOnlyVolume({ name: 'a', [kind]: more }))
  const always = ['configMap', 'downwardAPI', 'image', 'projected', 'secret']
  t.strictSame(found({}), always)
  t.strictSame(found({ readOnly: false }), always)
  const optional = kinds.flatMap(({ kind, hasReadOnly }) => (hasReadOnly ? kind : []))
  t.strictSame(found({ readOnly: true }).toSorted(), [...always, ...optional].toSorted())
})

t.test('what isn’t a volume of a known kind is writable', async (t) => {
  for (const volume of [undefined, { name: 'a' }, { name: 'a', image: null }, { later: {} }])
    t.equal(isReadOnlyVolume(volume), false)
})
