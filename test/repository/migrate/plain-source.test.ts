import t from 'tap'
import { plainSource } from '../../../repository/migrate/plan/plain-source.ts'
import type { ComposedInput, Composition } from '../../../requests/secret/composition.ts'
import type { Source } from '../../../requests/source/source.ts'

type File = Partial<Source['values'][number]>

const key = (input: string, name: string, decoding: ComposedInput['decoding'] = 'None') =>
  ({ kind: 'key', index: Number(input.slice(1)), key: name, decoding }) as const
const all = (input: string, decoding: ComposedInput['decoding'] = 'None') =>
  ({ kind: 'all', index: Number(input.slice(1)), decoding }) as const

/** An ExternalSecret with a value for each input. */
function source(inputs: readonly ComposedInput[], more: File = {}, template?: string): Source {
  const composition: Composition = {
    inputs,
    ...(template !== undefined && {
      template: { data: new Map([['url', template]]), keepsInputs: false },
    }),
  }
  return {
    ref: { kind: 'ExternalSecret', name: 'db' },
    uid: '',
    createdAtMs: 0,
    hints: {},
    claims: ['db'],
    secrets: [{ name: 'db', type: 'Opaque', labels: { app: 'web' }, composition }],
    values: inputs.map(({ index, kind }) => ({
      to: { kind: 'input', secret: 'db', index },
      object: { vault: 'team-a', type: 'secret', name: `object-#${index}` },
      ...(kind === 'all' && { property: '*' }),
      ...more,
    })),
    problems: [],
  }
}

function filesOf(from: Source) {
  const plain = plainSource(from)
  return plain.kind === 'plain' ? plain.source.values : plain.reason
}

t.test('each input becomes the value of its key', async (t) => {
  const plain = plainSource(source([key('#0', 'user'), key('#1', 'password')]))
  t.match(plain, {
    kind: 'plain',
    source: {
      secrets: [{ name: 'db', labels: { app: 'web' }, composition: undefined }],
      values: [
        { to: { secret: 'db', key: 'user' }, object: { name: 'object-#0' } },
        { to: { secret: 'db', key: 'password' }, object: { name: 'object-#1' } },
      ],
    },
  })
})

t.test('the later of two inputs with the same key wins', async (t) => {
  t.match(filesOf(source([key('#0', 'a'), key('#1', 'a')])), [
    { to: { secret: 'db', key: 'a' }, object: { name: 'object-#1' } },
  ])
  t.equal(filesOf(source([key('#0', 'a'), key('#1', 'a')])).length, 1)
})

t.test('an extract alone fills its Secret', async (t) => {
  t.match(filesOf(source([all('#0')])), [{ to: { secret: 'db', key: undefined }, property: '*' }])
})

t.test('Base64 of one key is an encoding', async (t) => {
  t.match(filesOf(source([key('#0', 'a', 'Base64')])), [
    { to: { secret: 'db', key: 'a' }, encoding: 'base64' },
  ])
})

t.test('a source without a composition stays as it is', async (t) => {
  const plain = { ...source([]), secrets: [{ name: 'db', type: 'Opaque', labels: {} }] }
  t.strictSame(plainSource(plain), { kind: 'plain', source: plain })
})

t.test('a source that annotations can’t express gets a reason', async (t) => {
  const { values: _, ...others } = source([key('#0', 'a')])
  for (const [from, reason] of [
    [source([key('#0', 'a')], {}, 'x'), /^annotations have no templates for Secrets$/],
    [source([all('#0'), key('#1', 'a')]), /^an annotation cannot add keys to those of an extract$/],
    [source([key('#0', 'a')], { format: 'tags' }), /no equivalent for metadataPolicy Fetch$/],
    [
      source([all('#0')], { within: 'b' }),
      /^annotations have no equivalent for extract\.property$/,
    ],
    [source([key('#0', 'a')], { format: 'jwk' }), /^its key\/ and cert\/ have formats/],
    [
      source([key('#0', 'a', 'Auto')]),
      /^annotations have no equivalent for decodingStrategy Auto here$/,
    ],
    [
      source([key('#0', 'a', 'Base64URL')]),
      /^annotations have no equivalent for decodingStrategy Base64URL/,
    ],
    [
      source([all('#0', 'Base64')]),
      /^annotations have no equivalent for decodingStrategy Base64 here$/,
    ],
    [source([{ ...all('#0'), rewrite: [] }]), /^annotations have no equivalent for rewrite$/],
    [
      source([{ ...all('#0'), conversion: 'Unicode' }]),
      /^annotations have no equivalent for conversionStrategy Unicode$/,
    ],
    [
      source([{ ...key('#0', 'a'), refusesNullBytes: true }]),
      /^annotations have no equivalent for nullBytePolicy Fail$/,
    ],
    [{ ...others, values: [] }, /^it is incomplete$/],
  ] as const)
    t.match(plainSource(from), { kind: 'none', reason })
})
