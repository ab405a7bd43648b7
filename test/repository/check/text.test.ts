import t from 'tap'
import { podText, run } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const client = { 'client-id': '22222222-2222-2222-2222-222222222222' }
const good = podText({ vault: 'team-a', secrets: 'x', ...client })
const warned = podText({ vault: 'team-a', env: 'X=x', 'mount-path': '/a', ...client })
const denied = podText({ vault: 'team-a', secrets: 'x', refresh: '5' })
const plain = podText({})
const of = (kind: string) => JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'a' } })

const check = (...documents: readonly string[]) =>
  runInProcess(['check', '-'], { input: documents.join('\n---\n') })

t.test('an empty line is before and after an object with details, and nowhere else', async (t) => {
  const { stdout } = await check(plain, plain, denied, plain)
  t.strictSame(
    stdout.replaceAll(/^(\S+ \S+).*/gm, '$1').replaceAll(/ {2}problem.*/g, '-'),
    [
      'Pod/web (standard',
      'Pod/web (standard',
      '',
      'Pod/web (standard',
      '-',
      '',
      'Pod/web (standard',
      '1 file,',
      '',
    ].join('\n'),
  )
  t.notMatch((await check()).stdout, /^\n|\n\n/)
})

t.test(
  'any number of objects without a pod template is one line, with the most common kinds',
  async (t) => {
    const many = [
      ...Array.from({ length: 600 }, () => of('ConfigMap')),
      ...Array.from({ length: 300 }, () => of('Service')),
      ...Array.from({ length: 12 }, (_, i) => of(`Kind${i}`)),
    ]
    const { stdout } = await check(...many)
    const [, line] = /^(912 objects .*)$/m.exec(stdout) ?? []
    t.equal(
      line,
      '912 objects without a pod template: 600 ConfigMap, 300 Service, 1 Kind0, 1 Kind1, 1 Kind10, 1 Kind11, 1 Kind2, 1 Kind3 and 6 other kinds',
    )
    t.match(stdout, /, 912 objects not looked at\n$/)
    const nine = await check(...Array.from({ length: 9 }, (_, i) => of(`Kind${i}`)))
    t.match(nine.stdout, /, 1 Kind7 and 1 other kind$/m)
  },
)

t.test('many pods that have nothing of ours are one line', async (t) => {
  const pod = (i: number, annotations = '{}') =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: a${i}, annotations: ${annotations} }\nspec: { containers: [{ name: a, image: a }] }\n`
  const plain = (count: number) => Array.from({ length: count }, (_, i) => pod(i))
  const few = await check(plain(5).join('---\n'))
  t.equal(few.stdout.match(/: not injected: it has no/g)?.length, 5)
  const other = pod(9, '{ akv-injector.io/inject: "false" }')
  const many = await check([...plain(6), other].join('---\n'))
  t.match(
    many.stdout,
    '\n\n6 pod templates not injected, without akv-injector.io annotations: 6 Pod\n',
  )
  t.equal(many.stdout.match(/^Pod\/.*: not injected: /gm)?.length, 1, 'only the one that says why')
})

t.test('many objects that are left to the operator are one line for each store', async (t) => {
  const version = 'apiVersion: external-secrets.io/v1\n'
  const store = (name: string, more = '') =>
    `${version}kind: ClusterSecretStore\nmetadata: { name: ${name} }\nspec: { provider: { fake: { data: [] } } }\n${more}`
  const secret = (i: number, store: string) =>
    `${version}kind: ExternalSecret\nmetadata: { name: ${store}-${i} }\nspec: { secretStoreRef: { kind: ClusterSecretStore, name: ${store} }, data: [{ secretKey: a, remoteRef: { key: a } }] }\n`
  const secrets = (count: number, store: string) =>
    Array.from({ length: count }, (_, i) => secret(i, store))
  const few = await check(store('one'), ...secrets(4, 'one'))
  t.equal(few.stdout.match(/^ExternalSecret\/one-\d .*: not synced: /gm)?.length, 4)
  const documents = [
    ...[store('one'), store('two'), ...secrets(4, 'one'), ...secrets(1000, 'two')],
    'apiVersion: generators.external-secrets.io/v1alpha1\nkind: Password\nmetadata: { name: a }\n',
  ]
  const { code, stdout } = await check(...documents)
  const foreign =
    'spec.provider is not azurekv; only Key Vault is read here, so leave it to the operator'
  t.equal(
    stdout,
    `1000 ExternalSecrets not synced: ClusterSecretStore two: ${foreign}
4 ExternalSecrets not synced: ClusterSecretStore one: ${foreign}
2 ClusterSecretStores would not be used: ${foreign}
1 Password not served: akv-injector has no generators; leave it to the operator
1 file, 0 pods checked, 0 problems, 0 warnings, 0 objects not looked at
`,
  )
  t.equal(code, 0)
  const json = await runInProcess(['check', '-', '--output', 'json'], {
    input: documents.join('---\n'),
  })
  t.equal(JSON.parse(json.stdout).objects.length, 1007, 'JSON has each of them')
  const misspelt = store('three').replace('three', 'three, annotations: { akv-injecter.io/a: b }')
  t.match(
    (await check(misspelt, ...documents)).stdout,
    /^ClusterSecretStore\/three .*\n {2}warning/m,
  )
  const many = Array.from({ length: 12 }, (_, i) => [store(`s${i}`), secret(i, `s${i}`)]).flat()
  t.match(
    (await check(...many)).stdout,
    /\n5 more objects left to the operator; --output json lists them\n1 file,/,
  )
})

t.test('kinds beyond a thousand are counted together, and a kind is printable', async (t) => {
  const { stdout } = await check(...Array.from({ length: 1100 }, (_, i) => of(`\u001b${i}`)))
  t.match(
    stdout,
    /^1100 objects without a pod template: 100 of other kinds, 1 \\u\{1b\}0, .* and 993 other kinds$/m,
  )
  t.match(stdout, /, 1100 objects not looked at\n$/)
})

t.test('a colour repeats what the words say', async (t) => {
  const colours: Record<string, string> = { 31: 'red', 32: 'green', 33: 'yellow' }
  const coloured = async (...documents: readonly string[]) => {
    const env = { NO_COLOR: '', FORCE_COLOR: '1' }
    const { stdout } = await run(['check', '-'], { input: documents.join('\n---\n'), env })
    return stdout.split('\n').flatMap((line) => {
      const [, code = ''] = /\[(3\d)m/.exec(line) ?? []
      const words = /would be (?:injected|denied)|not injected|warning:|problem:|\d problem/.exec(
        line,
      )
      return words ? [`${words[0]} ${colours[code] ?? 'plain'}`] : []
    })
  }
  t.strictSame(await coloured(good, plain), [
    'would be injected green',
    'not injected plain',
    '0 problem green',
  ])
  t.strictSame(await coloured(good, warned), [
    'would be injected green',
    'would be injected yellow',
    'warning: yellow',
    '0 problem yellow',
  ])
  t.strictSame(await coloured(denied, warned), [
    'would be denied red',
    'problem: red',
    'would be injected yellow',
    'warning: yellow',
    '1 problem red',
  ])
})
