import t from 'tap'
import { readFixture, readParts, writeFixture } from './fixture-yaml.ts'

const parts = readParts(`
app: { name: app, image: app:1, command: !absent, limits: { memory: 1Gi } }
worker: { extends: app, command: [work] }
`)
const read = (text: string) => JSON.stringify(readFixture(text, parts))

t.test('a mapping extends a part, and keeps the order of its keys', async (t) => {
  t.equal(
    read('{ extends: app, limits: { cpu: 1 }, command: [run] }'),
    '{"name":"app","image":"app:1","command":["run"],"limits":{"memory":"1Gi","cpu":1}}',
  )
  t.equal(
    read('{ extends: worker, image: !absent, limits: {} }'),
    '{"name":"app","command":["work"],"limits":{"memory":"1Gi"}}',
  )
  t.equal(
    read('[{ extends: app, limits: null }]'),
    '[{"name":"app","image":"app:1","limits":null}]',
  )
})

t.test('a mapping that names every key of the part is in its own order', async (t) =>
  t.match(read('{ extends: app, limits: { cpu: 1, memory: 2Gi } }'), '{"cpu":1,"memory":"2Gi"}'),
)

t.test('a part that is not there is an error', async (t) =>
  t.throws(() => read('extends: ap'), { message: 'there is no part named ap' }),
)

t.test('a long text is repeated', async (t) => {
  t.equal(read('{ repeat: ab, times: 3 }'), '"ababab"')
  t.equal(read('{ repeat: "a#", times: 3, joinedBy: "," }'), '"a0,a1,a2"')
})

t.test('the agent’s configuration is JSON in the value of its variable', async (t) =>
  t.equal(
    read('{ name: AKV_INJECTOR_CONFIG, value: { extends: app, limits: !absent } }'),
    JSON.stringify({ name: 'AKV_INJECTOR_CONFIG', value: '{"name":"app","image":"app:1"}' }),
  ),
)

t.test('a compacted fixture reads the same, and contains only what differs', async (t) => {
  const cases: readonly (readonly [value: unknown, text: string])[] = [
    [{ name: 'app', image: 'app:1', limits: { memory: '1Gi' } }, 'extends: app\n'],
    [
      { name: 'app', image: 'app:2', command: ['x'], limits: { memory: '1Gi', cpu: 1 } },
      'extends: app\nimage: app:2\ncommand:\n  - x\nlimits:\n  cpu: 1\n',
    ],
    [
      { name: 'app', image: 'app:1', command: ['x'], limits: {} },
      'name: app\nimage: app:1\ncommand:\n  - x\nlimits: {}\n',
    ],
    [
      { limits: { memory: '1Gi' }, name: 'app', image: 'app:1' },
      'limits:\n  memory: 1Gi\nname: app\nimage: app:1\n',
    ],
    [[null, '0440', 440, 'a\u202Eb\0'], '- null\n- "0440"\n- 440\n- "a\\u202eb\\0"\n'],
    [
      { name: 'AKV_INJECTOR_CONFIG', value: '{"a":1}' },
      'name: AKV_INJECTOR_CONFIG\nvalue:\n  a: 1\n',
    ],
    [
      { name: 'AKV_INJECTOR_CONFIG', value: '{ "a":1}' },
      `name: AKV_INJECTOR_CONFIG\nvalue: '{ "a":1}'\n`,
    ],
  ]
  for (const [value, text] of cases) {
    t.equal(writeFixture(value, parts), text)
    t.equal(read(text), JSON.stringify(value))
  }
})
