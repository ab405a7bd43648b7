import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/security.md'), 'utf8')
const [, attackers = ''] = /^## Attackers, .*\n([\s\S]*?)^## /m.exec(page) ?? []
const sections = attackers.split(/^### /m).slice(1)

/** The cells of the first table of a section, a row at a time, without its heading. */
const rowsOf = (section: string): readonly (readonly string[])[] =>
  (/^\| they try to \|.*\n\|---.*\n((?:\|.*\n)+)/m.exec(section)?.[1] ?? '')
    .trimEnd()
    .split('\n')
    .map((row) => row.slice(2, -2).split(' | '))

t.test(
  'for each attacker, each promise names the tests that hold it, and they exist',
  async (t) => {
    t.ok(sections.length >= 12, `${sections.length} attackers`)
    for (const section of sections) {
      const [title = ''] = section.split('\n')
      for (const row of rowsOf(section)) {
        t.equal(row.length, 3, `${title}: ${row.join(' | ')}`)
        const tests = [...(row[2] ?? '').matchAll(/`(test\/[\w./-]+)`/g)].map(
          ([, path = '']) => path,
        )
        t.ok(tests.length > 0, `${title}: ${row[0]}`)
        for (const test of tests)
          t.ok(
            globSync(test.endsWith('.test.ts') ? test : `${test}/**/*.test.ts`, { cwd: root })
              .length > 0,
            `${title}: ${test}`,
          )
      }
    }
  },
)
