// kubectl takes the last entry of a key that a mapping has twice. So do commands that don't write the manifest again.

import fc from 'fast-check'
import t from 'tap'
import {
  composeDocuments,
  yamlOptions,
} from '../../../../repository/input/document/compose-documents.ts'
import { keepLastEntries } from '../../../../repository/input/document/duplicate-keys.ts'
import { makeFolder } from '../../../support/repository.ts'

function parse(text: string) {
  const [document] = composeDocuments(text, yamlOptions)
  if (document === undefined) throw new Error('no document')
  return document
}

t.test('the last entry counts, at its own place', (t) => {
  const text = 'a: { x: 1 }\nb: [{ c: 1, "c": 2, c: 3 }]\n? [d]\n: 1\na: { y: 2 }\n'
  const document = parse(text)
  t.strictSame(keepLastEntries(document), [
    { key: 'a', offset: text.indexOf('a: { y') },
    { key: 'c', offset: text.indexOf('c: 3') },
  ])
  t.equal(String(document.get('b')), '[{"c":3}]')
  t.equal(String(document.get('a')), '{"true":2}')
  t.strictSame(keepLastEntries(document), [])
  t.end()
})

t.test('merge keys stay', (t) => {
  const document = parse('x: &x { a: 1 }\ny: { <<: *x, <<: { b: 2 } }\n')
  t.strictSame(keepLastEntries(document), [])
  t.end()
})

type Tree = readonly (readonly [string, Tree | number])[]
const { tree } = fc.letrec<{ tree: Tree; node: Tree | number }>((tie) => ({
  tree: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), tie('node')), { maxLength: 5 }),
  node: fc.oneof({ maxDepth: 4 }, fc.nat(9), tie('tree')),
}))
const flow = (entries: Tree): string =>
  `{${entries.map(([key, value]) => `"${key}": ${typeof value === 'number' ? value : flow(value)}`).join(', ')}}`

t.test('the data are those of JSON, whose last entry counts, too', (t) => {
  fc.assert(
    fc.property(tree, (entries) => {
      const text = flow(entries)
      const document = parse(text)
      keepLastEntries(document)
      t.strictSame(document.toJS(), JSON.parse(text))
    }),
  )
  t.end()
})

const client = 'akv-injector.io/client-id: 22222222-2222-2222-2222-222222222222'
const annotations = (vault: string) =>
  `  annotations: { akv-injector.io/vault: ${vault}, akv-injector.io/secrets: a, ${client} }\n`
const pod = (...more: readonly string[]) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n${more.join('')}spec: { containers: [{ name: a, image: a }] }\n`
const twice = pod(annotations('old'), annotations('new'))

t.test('check warns of a key that comes again, and names the line', async (t) => {
  const { run } = makeFolder(t, { 'web.yaml': twice })
  const { code, stdout } = await run(['check'])
  t.equal(code, 0, stdout)
  t.match(stdout, /file .* from new:a$/m)
  const line = twice.split('\n').findIndex((text) => text.includes('vault: new')) + 1
  t.match(
    stdout,
    `line ${line}: the mapping has the key "annotations" more than once, and only this entry counts; remove the others`,
  )
  t.match(await run(['check', '--strict']), { code: 1 })
  t.match(await run(['identity']), { code: 0, stdout: '--name new ' })
})

t.test('only for the object of a List that has it', async (t) => {
  const list = (...texts: readonly string[]) =>
    `apiVersion: v1\nkind: List\nitems:\n${texts.map((text) => `- ${text.trim().replaceAll('\n', '\n  ')}\n`).join('')}`
  const { run } = makeFolder(t, { 'list.yaml': list(twice, pod(annotations('v'))) })
  const { stdout } = await run(['check'])
  t.equal(stdout.match(/more than once/g)?.length, 1, stdout)
})

t.test('only where something of ours is, even if it doesn’t count', async (t) => {
  const labels = '  labels: { a: b, a: c }\n'
  const release =
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: a }\nspec:\n'
  const volumes =
    'volumes: [{ name: s, csi: { driver: secrets-store.csi.k8s.io } }], volumes: [], containers'
  for (const [text, warnings] of [
    [pod(labels), 0],
    [pod(labels, annotations('v')), 1],
    // No annotation counts here, which is what the warning is for.
    [pod(annotations('v'), '  annotations: { b: c }\n'), 1],
    [pod().replace('containers', volumes), 1],
    [`${release}  values: { a: 1, a: 2 }\n`, 0],
    [`${release}  values: { a: { akv-injector.io/vault: v }, a: 2 }\n`, 1],
  ] as const) {
    const { run } = makeFolder(t, { 'web.yaml': text })
    const { stdout } = await run(['check'])
    t.equal(stdout.match(/more than once/g)?.length ?? 0, warnings, text)
  }
})

t.test('commands that write refuse it', async (t) => {
  const { run } = makeFolder(t, { 'web.yaml': twice })
  for (const command of ['inject', 'migrate'])
    t.match(await run([command], ['web.yaml']), {
      code: 2,
      stdout: /^$/,
      stderr: /web\.yaml:\d+:3: the mapping has the key "annotations" twice; remove one/,
    })
})

t.test('an alias to an entry that doesn’t count is a mistake', async (t) => {
  const { run } = makeFolder(t, {
    'web.yaml': `${pod(annotations('v'))}a: &x 1\na: 2\nb: *x\n`,
  })
  t.match(await run(['check']), { code: 2, stderr: 'nothing above has the anchor "x"' })
})
