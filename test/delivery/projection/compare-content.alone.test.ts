import t from 'tap'
import { targetsOf } from '../../../delivery/destination.ts'
import {
  changedTargets,
  indexFiles,
  isComplete,
} from '../../../delivery/projection/compare-content.ts'
import type { Content } from '../../../delivery/projection/project-content.ts'
import {
  agentConfig as config,
  objectFile,
  secretFile,
  secretVariable,
} from '../../init-agent/harness/pod.ts'
import { delivered } from '../../init-agent/harness/volume.ts'
import { countSteps } from '../../support/count-steps.ts'

const optional = { optional: true } as const

const content = (files: Record<string, string>, env: Record<string, string> = {}): Content => ({
  files: delivered(files),
  env: new Map(Object.entries(env).map(([name, value]) => [name, Buffer.from(value)])),
})

t.test('a set is complete if only optional values are missing', async (t) => {
  const wanted = {
    files: [secretFile('a'), secretFile('b', optional)],
    env: [secretVariable('A', 'a'), secretVariable('B', 'b', optional)],
  }
  t.equal(isComplete(config(wanted), content({ a: '' }, { A: '1' })), true)
  t.equal(isComplete(config(wanted), content({ b: '' }, { A: '1' })), false)
  t.equal(isComplete(config(wanted), content({ a: '' }, { B: '1' })), false)
  const removing = config({ ...wanted, onDeleted: 'remove' })
  t.equal(isComplete(removing, content({}, { A: '1' })), true, 'a file may have been removed')
  t.equal(isComplete(removing, content({}, {})), false)
})

t.test('changed targets are named: added, removed or with another value', async (t) => {
  const before = content({ same: '1', other: '1', gone: '1' }, { A: '1' })
  const after = content({ same: '1', other: '2', fresh: '1' }, { A: '2' })
  t.strictSame(changedTargets(before, after), ['A', 'other', 'gone', 'fresh'])
})

t.test('a folder needs its required files', async (t) => {
  const cases = [
    [objectFile('tls', 'w'), ['w/tls.crt', 'w/tls.key'], ['w/tls.crt', 'w/ca.crt']],
    [objectFile('tls', 'w', { path: '.' }), ['tls.crt', 'tls.key'], ['w/tls.crt', 'w/tls.key']],
    [secretFile('h', { versions: 3 }), ['h/0'], ['h/1', 'h']],
  ] as const
  for (const [file, whole, partial] of cases)
    for (const [paths, expected] of [
      [whole, true],
      [partial, false],
    ] as const) {
      const found = content(Object.fromEntries(paths.map((path) => [path, 'x'])))
      t.equal(isComplete(config({ files: [file] }), found), expected, paths.join())
    }
})

t.test('a folder of properties is found, but may be empty in a complete set', async (t) => {
  const file = secretFile('c', { property: '*' })
  for (const [path, expected] of [
    ['c/x', true],
    ['cx', false],
    ['c', false],
  ] as const) {
    const found = content({ [path]: 'x' })
    t.equal(targetsOf({ files: [file] }).every(indexFiles(found.files)), expected, path)
    t.equal(isComplete(config({ files: [file] }), found), true)
  }
})

t.test('many folders are found in time that grows with their number', async (t) => {
  const stepsOf = (count: number) => {
    const names = Array.from({ length: count }, (_, n) => `c${n}`)
    const wanted = names.map((name) => secretFile(name, { property: '*' }))
    const { files } = content(Object.fromEntries(names.map((name) => [`${name}/x`, 'x'])))
    const { value, steps } = countSteps(() => targetsOf({ files: wanted }).every(indexFiles(files)))
    t.equal(value, true)
    return steps
  }
  t.ok(stepsOf(1_000) < 3 * stepsOf(500))
})

t.test('a complete set includes the templates', async (t) => {
  const templates = [{ path: 'x', segments: [{ ...secretFile('a'), optional: true } as const] }]
  t.equal(isComplete(config({ templates }), content({ x: '' })), true)
  t.equal(isComplete(config({ templates }), content({})), false)
  t.equal(isComplete(config({ templates, onDeleted: 'remove' }), content({})), true)
})
