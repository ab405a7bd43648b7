// Hostile kustomizations try to read files outside of their repository, with kustomize's own load restrictions and without.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { findProgram } from '../../../cluster/parts/find-program.ts'
import { without } from '../../../support/needs/without.ts'
import { podText } from '../../../support/run-command-line.ts'
import { runInProcess } from '../../../support/run-in-process.ts'

const stolen = 'kv_stolen'
const clientId = '22222222-2222-2222-2222-222222222222'

/** Copies a value of the ConfigMap `a` into an annotation, whose value a message of `check` has. */
const replacements = `- source: { kind: ConfigMap, name: a, fieldPath: data.x }
  targets: [{ select: { kind: Pod }, fieldPaths: ['metadata.annotations.[akv-injector.io/vault]'] }]
`
const generated = (owner: string, name = 'configMapGenerator') =>
  `${name}:\n- { name: a, ${owner} }\nreplacements:\n${replacements}`

const patch = `- op: replace\n  path: /metadata/annotations/akv-injector.io~1vault\n  value: ${stolen}\n`

const outside = {
  'outside/secret.txt': stolen,
  'outside/env.txt': `x=${stolen}\n`,
  'outside/pod.yaml': podText({ vault: stolen, secrets: 'y', 'client-id': clientId }).replace(
    /\bweb\b/,
    'other',
  ),
  'outside/kustomization.yaml': 'resources: [pod.yaml]\n',
  'outside/component/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{ path: patch.yaml, target: { kind: Pod } }]\n`,
  'outside/patch.yaml': patch,
  'outside/component/patch.yaml': patch,
  'outside/merge.yaml': `kind: Pod\napiVersion: v1\nmetadata: { name: web, annotations: { akv-injector.io/vault: ${stolen} } }\n`,
  'outside/replacement.yaml': replacements,
}

/** Of each attack: what else is in `app/kustomization.yaml`, more files, and links. */
interface Attack {
  readonly text: string
  readonly files?: Readonly<Record<string, string>>
  readonly links?: Readonly<Record<string, string>>
}

const generator = (file: string) =>
  `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: { name: a }\nfiles: ["x=${file}"]\n`
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** `OUTSIDE` is the folder's absolute path. */
const attacks: Readonly<Record<string, Attack>> = {
  'what Git keeps': {
    text: generated('files: [x=../.git/secret.txt]'),
    files: { '.git/secret.txt': stolen },
  },
  'a file by `..`': { text: generated('files: [x=../../outside/secret.txt]') },
  'a file whose key has a slash': { text: generated('files: ["a/x=../../outside/secret.txt"]') },
  'a file by its whole path': { text: generated('files: [x=OUTSIDE/secret.txt]') },
  'a link to a file': {
    text: generated('files: [x=link.txt]'),
    links: { 'app/link.txt': '../../outside/secret.txt' },
  },
  'a file in a linked folder': {
    text: generated('files: [x=link/secret.txt]'),
    links: { 'app/link': '../../outside' },
  },
  'variables of a file': { text: generated('envs: [../../outside/env.txt]') },
  'variables of a file, as once': { text: generated('env: ../../outside/env.txt') },
  'a key in capitals': { text: generated('FILES: [x=../../outside/secret.txt]') },
  'a field in capitals': {
    text: generated('files: [x=../../outside/secret.txt]', 'ConfigMapGenerator'),
  },
  'a key with another s': { text: 'reſources: [../../outside]\n' },
  'a merge key': {
    text: `configMapGenerator:\n- { name: a, <<: { files: [x=../../outside/secret.txt] } }\nreplacements:\n${replacements}`,
  },
  'a merge key for all fields': { text: '<<: { components: [../../outside/component] }\n' },
  'a path in Base64': {
    text: generated(`files: [!!binary "${base64('x=../../outside/secret.txt')}"]`),
    files: { [`app/${base64('x=../../outside/secret.txt').replace(/.*=/, '')}x`]: '' },
  },
  'a resource': { text: 'resources: [../web.yaml, ../../outside/pod.yaml]\n' },
  'a folder': { text: 'bases: [../../outside]\n' },
  'a linked folder': { text: 'bases: [link]\n', links: { 'app/link': '../../outside' } },
  'a folder that refers to others from where its link leads to': {
    text: 'bases: [link]\n',
    links: { 'app/link': '../deep/er/app' },
    files: {
      'deep/er/app/kustomization.yaml': generated('files: [x=../../../../outside/secret.txt]'),
    },
  },
  'a component': { text: 'components: [../../outside/component]\n' },
  'a patch': { text: 'patches: [{ path: ../../outside/patch.yaml, target: { kind: Pod } }]\n' },
  'a patch, as once': { text: 'patchesStrategicMerge: [../../outside/merge.yaml]\n' },
  'a JSON patch, as once': {
    text: 'patchesJson6902: [{ path: ../../outside/patch.yaml, target: { version: v1, kind: Pod, name: web } }]\n',
  },
  'a replacement': {
    text: `configMapGenerator: [{ name: a, literals: [x=${stolen}] }]\nreplacements: [{ path: ../../outside/replacement.yaml }]\n`,
  },
  'a built-in generator': {
    text: `generators: [generator.yaml]\nreplacements:\n${replacements}`,
    files: { 'app/generator.yaml': generator('../../outside/secret.txt') },
  },
  'a generator in the text': {
    text: `generators:\n- |-\n  ${generator('../../outside/secret.txt').trim().replaceAll('\n', '\n  ')}\nreplacements:\n${replacements}`,
  },
  'a generator in a base': {
    text: `bases: [base]\nreplacements:\n${replacements}`,
    files: {
      'app/base/kustomization.yaml': 'generators: [generator.yaml]\n',
      'app/base/generator.yaml': generator('../../../outside/secret.txt'),
    },
  },
  'a built-in transformer': {
    text: 'transformers: [transformer.yaml]\n',
    files: {
      'app/transformer.yaml':
        'apiVersion: builtin\nkind: PatchTransformer\nmetadata: { name: a }\npath: ../../outside/patch.yaml\ntarget: { kind: Pod }\n',
    },
  },
  'a plugin that is a program': {
    text: 'transformers: [transformer.yaml]\n',
    files: {
      'app/transformer.yaml':
        "apiVersion: a/v1\nkind: A\nmetadata: { name: a, annotations: { config.kubernetes.io/function: 'exec: { path: ./steal }' } }\n",
      'app/steal': '#!/bin/sh\ncat ../../outside/pod.yaml\n',
    },
  },
  'the kustomization itself': {
    text: 'bases: [other]\n',
    files: { 'app/other/a.txt': '' },
    links: { 'app/other/kustomization.yaml': '../../../outside/kustomization.yaml' },
  },
  'a schema': { text: 'openapi: { path: ../../outside/secret.txt }\n' },
  configurations: { text: 'configurations: [../../outside/secret.txt]\n' },
  'custom resources': { text: 'crds: [../../outside/secret.txt]\n' },
  ...Object.fromEntries(
    Object.entries({ NUL: '\0', CR: '\r', NEL: '\u0085', LS: '\u2028', PS: '\u2029' }).map(
      ([name, character]) => [
        `keys after a comment that ${name} ends`,
        {
          text: `# a${character}configMapGenerator: [{ name: a, files: [x=../../outside/secret.txt] }]\nreplacements:\n${replacements}`,
        },
      ],
    ),
  ),
}

type Restrictor = 'LoadRestrictionsRootOnly' | 'LoadRestrictionsNone'

/** Checks a repository whose application reads a pod, of another folder if it may, and does what the attack does. */
async function check(
  t: Test,
  { name, restrictor }: { readonly name: string; readonly restrictor: Restrictor },
  { text, files = {}, links = {} }: Attack,
) {
  const pod = restrictor === 'LoadRestrictionsNone' ? '../web.yaml' : 'web.yaml'
  const folder = t.testdir({ bin: {}, repository: { '.git': {} } })
  const whole = {
    ...outside,
    [join('repository/app', pod)]: podText({
      vault: 'kv-own',
      secrets: 'x',
      'client-id': clientId,
    }),
    'repository/shared/vault.txt': 'kv_shared',
    'repository/app/kustomization.yaml': `${/^resources/.test(text) ? '' : `resources: [${pod}]\n`}${text.replaceAll('OUTSIDE', join(folder, 'outside'))}`,
    ...Object.fromEntries(
      Object.entries(files).map(([path, text]) => [`repository/${path}`, text]),
    ),
  }
  for (const [path, text] of Object.entries(whole)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { mode: 0o755 })
  }
  for (const [path, target] of Object.entries(links))
    symlinkSync(target, join(folder, 'repository', path))
  symlinkSync(findProgram({ env: process.env, name, cached: '' }) ?? '', join(folder, 'bin', name))
  const { stdout, stderr } = await runInProcess(
    [
      ...['check', '--render', join(folder, 'repository'), '-o', 'json'],
      ...['--load-restrictor', restrictor],
    ],
    { env: { PATH: join(folder, 'bin') } },
  )
  return `${stdout}${stderr}`
}

for (const name of ['kustomize', 'kubectl'] as const)
  for (const restrictor of ['LoadRestrictionsRootOnly', 'LoadRestrictionsNone'] as const)
    t.test(
      `with ${restrictor}, ${name} reads nothing outside of the repository`,
      { skip: without(name) },
      async (t) => {
        const program = { name, restrictor }
        const honest = await check(t, program, {
          text: generated('files: [x=../shared/vault.txt]'),
        })
        if (restrictor === 'LoadRestrictionsNone')
          t.match(honest, 'kv_shared', 'a file of another folder is read')
        else
          t.match(
            honest,
            'to let kustomize load files of the whole repository, pass --load-restrictor LoadRestrictionsNone',
          )
        for (const [title, attack] of Object.entries(attacks)) {
          const output = await check(t, program, attack)
          t.notMatch(output, stolen, title)
          t.match(output, 'AKV_CHECK_FILE', `${title} is a finding`)
        }
        t.ok(Object.keys(attacks).length > 30)
      },
    )
