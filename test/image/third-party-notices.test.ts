import { join } from 'node:path'
import t from 'tap'
import { thirdPartyNotices } from '../../image/third-party-notices.ts'

t.test('licences and notices are handed on word for word', async (t) => {
  const root = t.testdir({
    a: {
      'LICENSE.md': 'Licence of a\n\n  with its indents\n',
      NOTICE: 'Notice of a',
      'index.js': 'code',
      'README.md': 'about a',
    },
    b: { 'license-checker': { 'index.js': 'code' }, UNLICENSE: 'Licence of b' },
    c: { 'index.js': 'code' },
  })
  const found = (name: string, license?: string) => ({
    name,
    version: '1.0.0',
    folder: join(root, name),
    ...(license === undefined ? {} : { license }),
  })
  const line = '='.repeat(80)
  t.equal(
    thirdPartyNotices([found('a', 'MIT'), found('b'), found('c', 'ISC')]),
    `${line}
a 1.0.0
Licence: MIT

Licence of a

  with its indents

Notice of a


${line}
b 1.0.0
Licence: see below

Licence of b


${line}
c 1.0.0
Licence: ISC
`,
  )
})
