import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { podText, run } from '../support/run-command-line.ts'
import { runInProcess } from '../support/run-in-process.ts'

/** Each would move the cursor, colour what follows, turn a line around, or start another one. */
const hostile = ['\u001b[2J', '\u009b31m', '\u202emoc', '\u2066\u200b', 'a\rb', '\u2028x', '\u007f']
const evil = hostile.join('')
const acting = /[^\P{C}\n]|[\u2028\u2029]/u

/** The text of a document that gives `evil` where nobody expects it. */
const pod = (annotations: Readonly<Record<string, string>>, spec = {}) =>
  podText({ vault: 'team-a', ...annotations }, spec)

t.test('every command makes hostile text of a manifest printable', async (t) => {
  const named = (kind: string, annotations: object) =>
    stringify({ kind, metadata: { name: evil, namespace: evil, annotations } })
  const inputs = {
    broken: `kind: "${evil}\nmetadata: ${evil} {`,
    'a key': pod({ [evil]: 'x' }),
    'a value': pod({ secrets: evil, refresh: evil, objects: evil }),
    'a path': pod({ secrets: `${evil}=db, ${evil}/../x=db` }),
    'a template': pod({ [`template.${evil}`]: `\${${evil}}` }),
    'a variable': pod({ env: `${evil}=db` }),
    'a container': pod({ secrets: 'db' }, { containers: [{ name: evil, image: evil }] }),
    'a workload': stringify({
      kind: 'Deployment',
      metadata: { name: evil, annotations: { [`akv-injector.io/${evil}`]: evil } },
      spec: { template: JSON.parse(pod({ secrets: 'db', containers: evil })) },
    }),
    'an account': named('ServiceAccount', { 'akv-injector.io/sync': `- { secret: "${evil}" }` }),
    'a class': stringify({
      kind: 'SecretProviderClass',
      metadata: { name: evil, namespace: evil },
      spec: {
        provider: 'azure',
        parameters: { keyvaultName: evil, objects: evil, clientID: evil, [evil]: evil },
        secretObjects: [{ secretName: evil, type: evil, data: [{ objectName: evil, key: evil }] }],
      },
    }),
    'a volume of it': pod(
      {},
      {
        serviceAccountName: evil,
        volumes: [
          {
            name: evil,
            csi: {
              driver: 'secrets-store.csi.k8s.io',
              volumeAttributes: { secretProviderClass: evil },
            },
          },
        ],
      },
    ),
    'a Secret': named('Secret', { 'akv-injector.io/adopt': evil, [`akv-injector.io/${evil}`]: '' }),
  }
  const { broken, ...documents } = inputs
  const all = Object.values(documents).join('\n---\n')
  for (const [input, args] of [
    [broken, ['check', '-']],
    [broken, ['inject', '-']],
    [all, ['check', '-']],
    [all, ['inject', '-']],
    [all, ['migrate', '-']],
    [broken, ['migrate', '-']],
    [all, ['fetch', '-', '-o', t.testdir(), '--pod', evil]],
    [documents['a path'], ['fetch', '-', '-o', t.testdir()]],
    [documents['a workload'], ['demo', '-']],
  ] as const) {
    const { stdout, stderr } = await runInProcess(args, { input })
    // These are the manifests themselves, byte for byte.
    const output = args[0] === 'migrate' ? stderr : `${stdout}${stderr}`
    t.notMatch(output, acting)
    t.match(output, /\\u\{1b\}/, 'and it shows what was written')
  }
})

t.test(
  'every command makes hostile file names, arguments, settings and vault data printable',
  async (t) => {
    const folder = join(t.testdir(), evil)
    mkdirSync(folder)
    const data = join(folder, 'data.yaml')
    writeFileSync(
      data,
      stringify({
        [evil]: 1,
        vaults: {
          [evil]: {},
          'team-a': { secrets: { [evil]: 'x', [`${evil}b`]: { [evil]: 'x' } } },
        },
      }),
    )
    const input = pod({ secrets: 'db' })
    for (const args of [
      [evil],
      ['check', `--${evil}`],
      ['check', `${folder}/missing.yaml`],
      ['fetch', '-', '-o', `${folder}/data.yaml`],
      ['fetch', '-', '-o', folder, '--pod', evil],
      ['fetch', '-', '-o', folder, '--variables', `${folder}/${evil}/x`],
      ['demo', '--vault-data', data],
      ['emulator', '--data', data],
      ['emulator', '--data', 'manifests/examples/vault.yaml', '--listen', evil],
      ['emulator', '--data', 'manifests/examples/vault.yaml', '--control-port', evil],
      ['emulator', '--data', 'manifests/examples/vault.yaml', '--issuer', evil],
      ['certs', '--namespace', evil, '--tls-secret', evil, '--health-listen', evil],
      ['sync', '--watch', evil, '--health-listen', evil],
    ]) {
      const { code, stdout, stderr } = await runInProcess(args, { input })
      t.not(code, 0)
      t.notMatch(`${stdout}${stderr}`, acting)
      t.match(stderr, /\\u\{/, 'and it shows what it was')
    }
    const env = { AKV_INJECTOR_LISTEN: evil, AKV_INJECTOR_TLS_DIR: evil }
    for (const args of [['check', '-'], ['webhook']]) {
      const { code, stdout, stderr } = await runInProcess(args, { input, env })
      t.equal(code, 2)
      t.notMatch(`${stdout}${stderr}`, acting)
    }
  },
)

t.test('a file name can’t start another line of the output', async (t) => {
  const name = 'x.yaml\nPod/web (good.yaml): would be injected'
  const { stderr } = await run(['check', name])
  t.equal(stderr.split('\n').length, 2)
  t.match(stderr, 'x.yaml\\nPod/web')
})

t.test('inject writes the characters of a manifest into a pipe as they are', async (t) => {
  const comment = `# ${hostile.slice(0, 4).join('')}`
  const input = `${comment}\nkind: ConfigMap\ndata: { a: "\\e[2J" }\n`
  const { code, stdout } = await runInProcess(['inject', '-'], { input })
  t.equal(code, 0)
  t.match(stdout, comment)
})
