import t from 'tap'
import { parseObjectList } from '../../../webhook/core/object-list.ts'

const reference = (name: string, vault = 'home') => ({
  reference: { object: { vault, type: 'secret', name } },
})

t.test(
  'entries are separated by commas and newlines, with blanks and empty entries ignored',
  async (t) => {
    t.strictSame(parseObjectList(' a ,,\n b = c ?\r\n, v-1 : d ,\n', 'home'), {
      entries: [
        { ...reference('a'), optional: false },
        { target: 'b', ...reference('c'), optional: true },
        { ...reference('d', 'v-1'), optional: false },
      ],
      problems: [],
    })
    t.strictSame(parseObjectList('', 'home'), { entries: [], problems: [] })
  },
)

t.test('the first equals sign splits the target from the reference', async (t) => {
  t.match(parseObjectList('a=b=c', 'home'), {
    problems: [/entry "a=b=c": "b=c" is no object name/],
  })
  t.match(parseObjectList('=b', 'home'), { entries: [{ target: '', ...reference('b') }] })
})

t.test('behind the target an equals sign or a question mark is the property’s', async (t) => {
  const { entries } = parseObjectList('w=app#a=b, x=app#a?b?, y=app#c|base64?', 'home')
  t.match(entries, [
    { target: 'w', reference: { property: 'a=b' }, optional: false },
    { target: 'x', reference: { property: 'a?b' }, optional: true },
    { target: 'y', reference: { property: 'c', encoding: 'base64' }, optional: true },
  ])
  t.match(parseObjectList('db#conn=json', 'home').entries, [
    { target: 'db#conn', reference: { object: { name: 'json' } } },
  ])
})

t.test('each entry that cannot be read has its sentence, the others are kept', async (t) => {
  const { entries, problems } = parseObjectList('good, b_d, ??, x:y', 'home')
  t.equal(entries.length, 1)
  t.match(problems, [/entry "b_d"/, /entry "\?\?"/, /entry "x:y": "x" is no vault name/])
})

t.test('a list has a bound', async (t) => {
  t.match(parseObjectList('a,'.repeat(2001), 'home'), {
    problems: [/too many entries: 2000 at most/],
  })
})
