import { posix } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { pathConflicts, pathProblem, targetPathProblem } from '../../delivery/target-path.ts'

t.test('a path below the mount is fine', async (t) => {
  for (const path of ['a', 'a/b.c', '.hidden', 'a..b', 'a/..b', '.x', '😀', 'é'.repeat(127), ' '])
    t.equal(targetPathProblem(path), undefined, path)
})

t.test('a path that could lead elsewhere, or be written in two ways, is refused', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /empty/],
    ['/etc/passwd', /relative/],
    ['..', /must not start with ".."/],
    ['..data', /must not start with ".."/],
    ['..data/a', /must not start with ".."/],
    ['a/../../b', /".." component/],
    ['a/..', /".." component/],
    ['./a', /shortest form/],
    ['a//b', /shortest form/],
    ['a/', /must not end with "\/"/],
    ['a/./b', /shortest form/],
    ['.', /"." is the mount path itself/],
    ['a\0b', /control character/],
    ['a\nb', /control character/],
    ['\ud800', /control character/],
    ['é'.repeat(128), /255 bytes/],
    [new Array(18).fill('a'.repeat(250)).join('/'), /4096 bytes/],
  ]
  for (const [path, problem] of cases)
    t.match(targetPathProblem(path), problem, JSON.stringify(path))
})

t.test('an accepted path stays inside the folder, unchanged by normalisation', async (t) => {
  const piece = fc.constantFrom('..', '.', '/', 'a', 'b', '..data', '\\', '\0', '😀', ' ')
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (path) => {
        if (targetPathProblem(path) !== undefined) return
        if (posix.normalize(path) !== path) throw new Error('normalised')
        if (!posix.join('/mnt/x', path).startsWith('/mnt/x/')) throw new Error('escaped')
      },
    ),
    { numRuns: 1000 },
  )
  t.pass()
})

t.test('two entries cannot be one file, nor one a folder of the other', async (t) => {
  t.strictSame(pathConflicts(['a', 'b/c', 'b/d', 'ab', 'a.b']), [])
  t.strictSame(pathConflicts(['a', 'b', 'a', 'a']), [['a', 'a']])
  t.strictSame(pathConflicts(['a/b/c', 'a']), [['a', 'a/b/c']])
  t.strictSame(pathConflicts(['a/b', 'x', 'a/b/c/d', 'x', 'y/z', 'y']), [
    ['a/b', 'a/b/c/d'],
    ['x', 'x'],
    ['y', 'y/z'],
  ])
})

t.test('the first problem of a set is one sentence', async (t) => {
  t.equal(pathProblem(['a', 'b/c', 'b/d']), undefined)
  t.match(pathProblem(['a', '..data/b']), /^"..data\/b": the path must not start with ".."/)
  t.match(pathProblem(['a', 'b', 'a']), /^"a" is named twice/)
  t.match(pathProblem(['a/b', 'a']), /^"a" would be a file and a folder/)
})
