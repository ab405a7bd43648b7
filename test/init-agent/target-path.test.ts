import { resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { pathProblem } from '../../init-agent/target-path.ts'

t.test('a path names a file below the mount', async (t) => {
  t.equal(pathProblem(['a', 'b/c', 'b/d', '.hidden', 'a.b', 'x..', 'ä/ü', 'b/..c']), undefined)
})

t.test('what could lead out, or into the machinery, is refused', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /no path of a file/],
    ['.', /no path/],
    ['a/', /no path/],
    ['a\0b', /no path/],
    ['/etc/passwd', /not relative/],
    ['..', /starts with/],
    ['../a', /starts with/],
    ['..data', /starts with/],
    ['..data/a', /starts with/],
    ['..x', /starts with/],
    ['a/../../b', /holds "\.\."/],
    ['a/..', /holds/],
    ['a//b', /simplest form/],
    ['./a', /simplest form/],
    ['a/./b', /simplest form/],
    ['a'.repeat(256), /part of more than 255 bytes/],
    ['é'.repeat(128), /part of more than 255 bytes/],
    [`${'a/'.repeat(2048)}b`, /longer than 4096 bytes/],
  ]
  for (const [path, pattern] of cases) t.match(pathProblem(['ok', path]), pattern, path)
})

t.test('two files can’t share a name, nor a file and a folder', async (t) => {
  t.match(pathProblem(['a', 'b', 'a']), /"a" is named twice/)
  t.match(pathProblem(['a', 'a/b']), /"a" would be a file and a folder/)
  t.match(pathProblem(['a/b/c', 'a/b']), /"a\/b" would be/)
  t.equal(pathProblem(['a/b', 'ab', 'a-b']), undefined)
})

t.test('no path that passes leads out of the folder', async () => {
  const piece = fc.constantFrom('a', '.', '..', '/', '//', '..data', '\0', 'é', '\\', '...')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = pieces.join('')
      return (
        pathProblem([path]) !== undefined || /^\/base\/(?!\.\.data)./.test(resolve('/base', path))
      )
    }),
    { numRuns: 1000 },
  )
})
