import fc from 'fast-check'
import t from 'tap'
import { allProperties, pickProperty, readJsonDocument } from '../../keyvault/formats/property.ts'
import { describeProblem } from '../../lib/problems/problem.ts'
import { parseCsiObjects } from '../../requests/annotations/objects/read-csi-objects.ts'
import { without } from '../support/needs/without.ts'
import { fuzz } from './harness/fuzz.ts'
import { startGoOriginals } from './harness/start-go-originals.ts'

/** As the program in go-originals writes it. */
interface Found {
  readonly kind: 'absent' | 'Null' | 'String' | 'Number' | 'JSON' | 'True' | 'False'
  readonly text: string
}

const options = { skip: without('go') }

/** Annotations read these otherwise. */
const equalKeys: readonly [json: string, path: string][] = [
  ['{"a":1,"a":2}', 'a'],
  ['{"\\u0061":1,"a":2}', 'a'],
  ['{"a":{"b":1,"b":2}}', 'a.b'],
  ['{"a":{"b":[0,1]},"a":{"b":[2,3]}}', 'a.b.01'],
  ['{"a":{"c":1},"a":{"b":2},"a":{"b":3}}', 'a.b'],
  ['{"a":{"b.c":1},"a.b.c":2}', 'a.b.c'],
]

t.test('a property of an ExternalSecret is what gjson finds', options, async (t) => {
  const ask = await startGoOriginals(t)
  const counts = { found: 0, differs: 0 }
  const compare = async (text: string, path: string) => {
    const go = (await ask({ reader: 'property', text, path })) as Found
    const document = readJsonDocument(text)
    if (document.kind === 'invalid') throw new Error(document.problem)
    const ours = pickProperty(document.value, path, { lookup: 'gjson' })
    const isAbsent = go.kind === 'absent' || go.kind === 'Null'
    const expected = isAbsent ? undefined : textOf(go)
    const found = ours.kind === 'valid' ? ours.value : undefined
    if (found !== expected || isAbsent !== 'isAbsent' in ours)
      throw new Error(`gjson: ${JSON.stringify(go)}, we: ${JSON.stringify(ours)}`)
    if (isAbsent) return
    counts.found++
    const last = pickProperty(document.value, path)
    if (last.kind === 'invalid' || last.value !== found) counts.differs++
  }
  for (const [text, path] of equalKeys) await compare(text, path)
  t.strictSame(counts, { found: equalKeys.length, differs: equalKeys.length })
  await fuzz(t, fc.asyncProperty(json, path, compare))
  t.comment(`${counts.found} properties, of which annotations read ${counts.differs} otherwise`)
})

t.test('an extract has what Go’s encoding/json finds, except for null', options, async (t) => {
  const ask = await startGoOriginals(t)
  let found = 0
  const compare = async (text: string) => {
    const go = (await ask({ reader: 'extract', text })) as Readonly<Record<string, Found>>
    const document = readJsonDocument(text)
    const all = document.kind === 'valid' ? allProperties(document.value) : document
    if (all.kind === 'invalid') throw new Error(all.problem)
    const expected = Object.entries(go).filter(([, { kind }]) => kind !== 'Null')
    const wanted = expected.map(([name, value]) => `${name}: ${textOf(value)}`).toSorted()
    const ours = all.value.map(({ name, value }) => `${name}: ${value}`).toSorted()
    if (JSON.stringify(ours) !== JSON.stringify(wanted))
      throw new Error(`Go: ${JSON.stringify(go)}, we: ${JSON.stringify(ours)}`)
    found += ours.length
  }
  for (const [text] of equalKeys) await compare(text)
  t.equal(found, equalKeys.length + 1)
  await fuzz(t, fc.asyncProperty(object, compare))
  t.comment(`${found} properties`)
})

t.test('an object of a class is what the provider’s YAML library reads', options, async (t) => {
  const ask = await startGoOriginals(t)
  let read = 0
  const compare = async (text: string) => {
    const list = JSON.stringify({ array: [text] })
    const { files, problems } = parseCsiObjects(list, { vault: 'home', ignoresUnknown: true })
    const go = (await ask({ reader: 'object', text })) as GoObject | null
    const [{ file } = {}] = files
    if (file === undefined) {
      if (problems.length === 0) throw new Error('there is neither a file nor a problem')
      if (go !== null && isPlain(go) && !strict.test(problems.map(describeProblem).join()))
        throw new Error(`the provider reads ${JSON.stringify(go)}, we: ${problems[0]?.sentence}`)
      return
    }
    // A number may be in quotes here, and it may be empty.
    if (go === null && /History: "\d*"/.test(text)) return
    const ours = {
      name: file.object.name,
      path: file.path,
      version: file.object.version ?? '',
      versions: file.versions ?? 1,
      type: file.object.type,
      mode: file.mode,
    }
    if (go === null || JSON.stringify(ours) !== JSON.stringify(shownAsOurs(go)))
      throw new Error(`the provider: ${JSON.stringify(go)}, we: ${JSON.stringify(ours)}`)
    read++
  }
  for (const more of ['objectVersionHistory: 010', 'objectVersionHistory: 08', 'objectMode: x'])
    await compare(`objectName: a\nobjectType: secret\n${more}\n`)
  t.equal(read, 3)
  await fuzz(t, fc.asyncProperty(fields, compare))
  t.comment(`${read} objects`)
})

/** Without the blanks between the tokens of an object or an array. */
const textOf = ({ kind, text }: Found): string =>
  kind === 'JSON' ? text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1') : text

const blank = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n')
/** Keys as JSON writes them: equal ones in several spellings, and some that mislead a search for quotes and brackets. */
const key = fc.constantFrom(
  ...['"a"', '"a"', '"\\u0061"', '"b"', '"b"', '"c"', '"0"', '"01"', '"1"', '"a.b"', '"b.a.c"'],
  ...['"\\u00e9"', '"é"', '"\\\\"', '"\\"a\\":{"', '"__proto__"', '"constructor"', '"c d"', '"😀"'],
)
const scalar = fc.constantFrom(
  ...['null', 'true', 'false', '0', '-0', '12', '1.10', '1e5', '123456789012345678901'],
  ...['""', '"x"', '"{\\"a\\":1}"', '"\\\\"', '"\\ud83d\\ude00 \\n"', '"]"', '"a\\"}"', '"null"'],
)
const { object, array } = fc.letrec<Record<'value' | 'object' | 'array', string>>((tie) => {
  const member = fc
    .tuple(blank, key, blank, blank, tie('value'), blank)
    .map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`)
  const item = fc.tuple(blank, tie('value'), blank).map((parts) => parts.join(''))
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      tie('object'),
      tie('array'),
    ),
    object: fc.array(member, { maxLength: 6 }).map((members) => `{${members.join(',')}}`),
    array: fc.array(item, { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  }
})
const json = fc.oneof({ weight: 5, arbitrary: object }, array)
/** As `remoteRef.property` accepts it. */
const path = fc
  .array(
    fc.constantFrom('a', 'a', 'b', 'c', '0', '1', '01', '002', 'é', '😀', 'c d', '__proto__', '-1'),
    { minLength: 1, maxLength: 4 },
  )
  .map((names) => names.join('.'))

interface GoObject {
  readonly objectName: string
  readonly objectAlias: string
  readonly objectVersion: string
  readonly objectVersionHistory: number
  readonly objectType: string
  readonly filePermission: string
}

const shownAsOurs = (go: GoObject) => ({
  name: go.objectName.trim(),
  path: go.objectAlias.trim() || go.objectName.trim(),
  version: go.objectVersion.trim(),
  versions: Math.max(go.objectVersionHistory, 1),
  type: go.objectType.trim(),
  mode: go.filePermission.trim().padStart(4, '0').replace('0000', '0644'),
})

/** Whether nothing in it would fail later. */
const isPlain = ({ objectName, objectType }: GoObject): boolean =>
  /^[a-z0-9-]+$/.test(objectName.trim()) && objectType !== ''
/** Mistakes that the provider accepts, as docs/from-csi.md says. */
const strict =
  /objectVersionHistory|filePermission|objectVersion "|merge key|isn't (?:valid|plain) YAML/

const plain = (name: string, ...values: readonly string[]) =>
  fc.constantFrom(...values).map((value) => `${name}: ${value}`)
const fields = fc
  .tuple(
    plain(
      'objectName',
      'a',
      'yes',
      '1e5',
      '0x10',
      '010',
      '" b "',
      "'c'",
      'a # comment',
      '2026-01-01',
    ),
    plain('objectType', 'secret', '"key"', ' cert '),
    fc.array(
      fc.oneof(
        plain(
          'objectAlias',
          'x',
          'null',
          '~',
          '',
          '""',
          '"null"',
          '010',
          'true',
          'a/b',
          '1_0',
          '!!str 5',
        ),
        plain('objectVersion', '""', 'null', '12345678901234567890123456789012'),
        {
          weight: 4,
          arbitrary: fc.oneof(
            plain(
              'objectVersionHistory',
              '0',
              '1',
              '3',
              '010',
              '012',
              '08',
              '019',
              '007',
              '00',
              '""',
            ),
            plain('objectVersionHistory', '"3"', '"010"', '0x10', '0o10', '1_0', '+3', '3.7', '-1'),
            fc.nat(120).map((count) => `objectVersionHistory: ${count}`),
            fc.nat(120).map((count) => `objectVersionHistory: 0${count}`),
          ),
        },
        plain('filePermission', '0644', '"0600"', '644', '0o644', '440', '', 'null'),
        plain('objectMode', 'x', '[1, {a: b}]', '"y"', 'null'),
        plain('objectname', 'x', '1'),
        plain('<<', '{objectAlias: y}', '{objectVersionHistory: 5}'),
      ),
      { maxLength: 4 },
    ),
  )
  .chain(([name, type, others]) =>
    fc.shuffledSubarray([name, type, ...others], { minLength: others.length + 2 }),
  )
  .map((lines) => `${lines.join('\n')}\n`)
