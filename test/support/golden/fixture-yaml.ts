import { Document, isSeq, parse, type ScalarTag, visit } from 'yaml'

/**
 * YAML fixtures that leave out what they share with others.
 *
 * - A mapping with `extends: NAME` starts from the part with that name. Its own mappings are merged into the part's;
 *   its own lists and scalars replace the part's; `!absent` removes a key. The keys keep the part's order, unless the
 *   mapping names all of them: then its own order counts. In a part, `!absent` reserves the place of an optional key.
 * - `{ repeat, times, joinedBy }` stands for a long text. In `repeat`, `#` stands for the count from 0.
 * - The variable AKV_INJECTOR_CONFIG holds JSON. A mapping as its value stands for the JSON of that mapping.
 */
export type Parts = ReadonlyMap<string, unknown>

type Fields = Readonly<Record<string, unknown>>

const absent = Symbol('absent')
const absentTag: ScalarTag = {
  tag: '!absent',
  identify: (value) => value === absent,
  resolve: () => absent,
  stringify: () => '',
}
const configurationVariable = 'AKV_INJECTOR_CONFIG'
const maxLineLength = 100

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses YAML without expanding anything. */
const parseYaml = (text: string): unknown => parse(text, { customTags: [absentTag] })

/** Takes the text of a file that maps names to parts. A part can extend another part. */
export function readParts(text: string): Parts {
  const written = new Map(Object.entries(parseYaml(text) as Fields))
  return new Map([...written].map(([name, part]) => [name, resolve(part, written)]))
}

/** Takes the text of a fixture and gives its complete value. Throws if it extends a part that doesn't exist. */
export const readFixture = (text: string, parts: Parts): unknown => expand(parseYaml(text), parts)

/** Does what readFixture does for a fixture that is parsed already. */
export const expand = (value: unknown, parts: Parts): unknown => finish(resolve(value, parts))

/** Merges the parts in. Absent keys stay until everything is merged, because they reserve places. */
function resolve(value: unknown, parts: Parts): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, parts))
  if (!isFields(value)) return value
  if ('repeat' in value) return repeated(value)
  const { extends: name, ...own } = value
  if (name === undefined) return merge({}, own, parts)
  if (!parts.has(String(name))) throw new Error(`there is no part named ${name}`)
  return merge(resolve(parts.get(String(name)), parts), own, parts)
}

function merge(base: unknown, own: Fields, parts: Parts): Fields {
  const before = isFields(base) ? base : {}
  const merged = Object.entries({ ...before, ...own }).map(([key, value]) => {
    const inherited = before[key]
    if (!Object.hasOwn(own, key)) return [key, value] as const
    const merges = isFields(inherited) && isFields(value) && !('extends' in value)
    return [key, merges ? merge(inherited, value, parts) : resolve(value, parts)] as const
  })
  const given = Object.keys(before).filter((key) => before[key] !== absent)
  if (!given.every((key) => Object.hasOwn(own, key))) return Object.fromEntries(merged)
  const order = Object.keys({ ...own, ...before })
  return Object.fromEntries(merged.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)))
}

function repeated({ repeat, times, joinedBy = '' }: Fields): string {
  const key = JSON.stringify([repeat, times, joinedBy])
  const count = Array.from({ length: Number(times) }, (_, i) => i)
  const text =
    longTexts.get(key) ??
    count.map((i) => String(repeat).replaceAll('#', `${i}`)).join(String(joinedBy))
  longTexts.set(key, text)
  return text
}

/** A part with a long text is resolved for each case that extends it. */
const longTexts = new Map<string, string>()

/** Removes absent keys and turns the agent's configuration into JSON. */
function finish(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(finish)
  if (!isFields(value)) return value
  const fields = Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) =>
      field === absent ? [] : [[key, finish(field)]],
    ),
  )
  const isConfiguration = fields['name'] === configurationVariable && isFields(fields['value'])
  return isConfiguration ? { ...fields, value: JSON.stringify(fields['value']) } : fields
}

/** Gives the text of a fixture that expands to `value`. Each mapping extends the part that makes it shortest. */
export function writeFixture(value: unknown, parts: Parts): string {
  const document = new Document(compact(value, { parts, done: new WeakMap() }), {
    customTags: [absentTag],
  })
  visit(document, {
    Collection(_, node, path) {
      if (!path.some(isSeq)) return
      const oneLine = JSON.stringify(node.toJS(document)).length + 2 * path.length
      node.flow = oneLine <= maxLineLength
    },
    Scalar(_, node) {
      if (invisible.test(String(node.value))) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0 }).replace(invisibles, escaped)
}

/** Format characters, such as bidi overrides, change how an editor shows the text around them. */
const invisible = /\p{Cf}/u
const invisibles = /\p{Cf}/gu
const escaped = (mark: string) =>
  mark
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** `done` caches results: an object is compacted again for each part that its parents could extend. */
interface Compaction {
  readonly parts: Parts
  readonly done: WeakMap<object, unknown>
}

function compact(value: unknown, compaction: Compaction): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = compaction.done.get(value)
  if (known !== undefined) return known
  const made = Array.isArray(value)
    ? value.map((item) => compact(item, compaction))
    : compactFields(value as Fields, compaction)
  compaction.done.set(value, made)
  return made
}

function compactFields(value: Fields, compaction: Compaction): Fields {
  const fields = withConfiguration(value)
  const plain = Object.entries(fields).map(([key, field]) => [key, compact(field, compaction)])
  const wanted = JSON.stringify(value)
  const choices = [...compaction.parts]
    .map(([name, part]): Fields => ({ extends: name, ...difference(part, fields, compaction) }))
    .filter((choice) => JSON.stringify(expand(choice, compaction.parts)) === wanted)
  return [Object.fromEntries(plain), ...choices].reduce((best, choice) =>
    cost(choice) < cost(best) ? choice : best,
  )
}

/** Gives the fields that turn `base` into `value` when they are merged into it. */
function difference(base: unknown, value: Fields, compaction: Compaction): Fields {
  if (!isFields(base)) return {}
  const own = Object.entries(value).flatMap(([key, field]) => {
    const before = base[key]
    if (JSON.stringify(finish(before)) === JSON.stringify(field)) return []
    const whole = compact(field, compaction)
    if (!isFields(before) || !isFields(field)) return [[key, whole]]
    const part = difference(before, field, compaction)
    return [[key, isFields(whole) && 'extends' in whole && cost(whole) < cost(part) ? whole : part]]
  })
  const gone = Object.keys(base).filter((key) => base[key] !== absent && !Object.hasOwn(value, key))
  const least = Object.fromEntries([...own, ...gone.map((key) => [key, absent])])
  const isEnough =
    JSON.stringify(finish(merge(base, least, compaction.parts))) === JSON.stringify(value)
  if (isEnough || gone.length > 0) return least
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, compact(field, compaction)]),
  )
}

/** Parses the value of the agent's configuration variable, so that it's compacted like everything else. */
function withConfiguration(fields: Fields): Fields {
  const { name, value } = fields
  if (name !== configurationVariable || typeof value !== 'string') return fields
  const configuration: unknown = JSON.parse(value)
  return JSON.stringify(configuration) === value ? { ...fields, value: configuration } : fields
}

const cost = (value: unknown) =>
  JSON.stringify(value, (_, field) => (field === absent ? '!absent' : field)).length
