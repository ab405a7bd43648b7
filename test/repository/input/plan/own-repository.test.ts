// Objects of Flux and Argo CD that take a folder of another repository, whose path exists in this one, too.

import t, { type Test } from 'tap'
import { makeFolder, type Texts } from '../../../support/repository.ts'
import { runInFolder } from '../../../support/run-in-folder.ts'

const application = (name: string, repoURL: string, path = 'apps/web') =>
  `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name} }
spec: { source: { repoURL: '${repoURL}', path: '${path}' } }
`

const set = (repoURL: string, generated = repoURL) =>
  `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: set }
spec:
  generators: [{ git: { repoURL: '${generated}', directories: [{ path: apps/* }] } }]
  template:
    metadata: { name: '{{path.basename}}' }
    spec: { source: { repoURL: '${repoURL}', path: '{{path}}' } }
`

const flux = (url: string) =>
  `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: apps }
spec: { url: '${url}' }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web }
spec: { path: ./apps/web, sourceRef: { kind: GitRepository, name: apps } }
`

const config = (...urls: readonly string[]) => ({
  '.git/config': urls
    .map(
      (url, i) => `[core]\n\tbare = false\n[remote "r${i}"]\n\tfetch = +refs/*\n\turl = ${url}\n`,
    )
    .join(''),
})

/** Returns the objects that are named as unread. */
async function unread(t: Test, files: Texts, args: readonly string[] = []) {
  const { pathOf } = makeFolder(t, { '.git/HEAD': '', 'apps/web/a.txt': '', ...files })
  return await unreadIn(pathOf('.'), args)
}

async function unreadIn(folder: string, args: readonly string[] = []) {
  const { stdout, stderr } = await runInFolder(folder, ['check', '.', '--no-render', ...args])
  return [
    ...`${stdout}${stderr}`.matchAll(/what (\S+?)(?: and \d+ more)? becomes? isn't read/g),
  ].map(([, name]) => name)
}

const own = 'https://github.com/Shop/GitOps.git'
const other = 'https://github.com/other/charts'

t.test('a remote of the checkout decides, in each form of its URL', async (t) => {
  for (const url of [
    own,
    'git@github.com:shop/gitops.git',
    'git@github.com:shop/gitops',
    'ssh://git@github.com:22/shop/gitops/',
    'https://user:word@github.com/shop/gitops',
  ]) {
    const files = { ...config('/srv/mirror', url), 'b.yaml': application('other', other) }
    t.strictSame(await unread(t, { ...files, 'a.yaml': application('own', own) }), [
      'Application/other',
    ])
    t.strictSame(await unread(t, { ...config(own), 'a.yaml': application('own', url) }), [], url)
  }
  const azure = [
    'https://shop@dev.azure.com/shop/team/_git/gitops',
    'git@ssh.dev.azure.com:v3/shop/team/gitops',
  ]
  for (const [remote, url] of [azure, azure.toReversed()] as [string, string][])
    t.strictSame(
      await unread(t, {
        ...config(remote),
        'a.yaml': application('own', url),
        'b.yaml': application('other', 'https://dev.azure.com/other/team/_git/gitops'),
      }),
      ['Application/other'],
    )
})

t.test('worktrees and submodules have the remotes of their repository', async (t) => {
  const applications = `${application('foreign', other)}---\n${application('own', own)}`
  const remotes = config(own)['.git/config'] ?? ''
  const { pathOf } = makeFolder(t, {
    'tree/.git': 'gitdir: ../main/.git/worktrees/tree\n',
    'main/.git/worktrees/tree/commondir': '../..\n',
    'main/.git/config': remotes,
    'module/.git': 'gitdir: ../main/.git/modules/module\n',
    'main/.git/modules/module/config': remotes,
    'dangling/.git': 'gitdir: ../none\n',
    ...Object.fromEntries(
      ['tree', 'module', 'dangling'].flatMap((folder) => [
        [`${folder}/apps/web/a.txt`, ''],
        [`${folder}/app.yaml`, applications],
      ]),
    ),
  })
  for (const [folder, expected] of [
    ['tree', ['Application/foreign']],
    ['module', ['Application/foreign']],
    ['dangling', []],
  ] as const)
    t.strictSame(await unreadIn(pathOf(folder)), expected, folder)
})

t.test('sets and objects of Flux are compared, too', async (t) => {
  for (const [text, expected] of [
    [set(own), []],
    [set(other), ['ApplicationSet/set']],
    [flux(own), []],
    [flux(other), ['Kustomization/web']],
  ] as const)
    t.strictSame(await unread(t, { ...config(own), 'a.yaml': text }), expected, text)
})

t.test('a fork keeps the name', async (t) => {
  const fork = config('https://github.com/me/gitops')
  t.strictSame(await unread(t, { ...fork, 'a.yaml': application('own', own) }), [])
  t.strictSame(await unread(t, { ...fork, 'a.yaml': application('other', other) }), [
    'Application/other',
  ])
})

t.test('a fork with another name is told that the URL is the reason', async (t) => {
  const withSecret = 'https://user:word@github.com/Shop/GitOps.git'
  const objects = {
    Application: application('web', withSecret),
    ApplicationSet: set(withSecret),
    Kustomization: flux(withSecret),
  }
  const said = async (config: Texts, text: string) => {
    const { pathOf } = makeFolder(t, { 'apps/web/a.txt': '', ...config, 'a.yaml': text })
    return (await runInFolder(pathOf('.'), ['check', '.', '--no-render'])).stderr
  }
  for (const [kind, text] of Object.entries(objects)) {
    const remotes = config('git@github.com:me/renamed.git', 'https://git.example/mirror/renamed')
    const stderr = await said(remotes, text)
    t.match(stderr, `what ${kind}/`)
    t.match(
      stderr,
      `isn't read: its source is github.com/shop/gitops, but the remotes of this checkout are github.com/me/renamed, git.example/mirror/renamed; if both are the same repository, add that URL as a remote, for example with "git remote add upstream https://github.com/shop/gitops", and check again; to read it: `,
    )
    t.notMatch(stderr, 'word')
    const added = config('git@github.com:me/renamed.git', 'https://github.com/shop/gitops')
    t.notMatch(await said(added, text), "isn't read", 'as told')
  }
  const owns = [application('one', own), application('two', own), application('three', other)]
  t.match(
    await said({ '.git/HEAD': '' }, owns.join('---\n')),
    `what Application/three becomes isn't read: its source is github.com/other/charts, but this checkout has no remote with a host, and most objects use another URL; `,
  )
  t.match(
    await said(config('/srv/git/shop.git'), owns.join('---\n')),
    'but this checkout has no remote with a host',
  )
  const elsewhere = await said(config(own), application('x', other, 'not/here'))
  t.match(elsewhere, "what Application/x becomes isn't read; to read it")
  const several = [
    application('a', 'https://git.example/a/long-name'),
    application('b', 'https://git.example/b'),
    application('c', other, 'not/here'),
  ]
  const ordered = await said(config(own), several.join('---\n'))
  t.strictSame(
    [...ordered.matchAll(/what Application\/(\w)/g)].map(([, name]) => name),
    ['c', 'a', 'b'],
  )
})

t.test('without a remote, most objects decide', async (t) => {
  const owns = [application('one', own), application('two', 'git@github.com:shop/gitops.git')]
  const files = { 'a.yaml': owns.join('---\n'), 'b.yaml': application('other', other) }
  for (const git of [{}, config(), config('/srv/git/shop/gitops.git'), config('../gitops')])
    t.strictSame(await unread(t, { ...files, ...git }), ['Application/other'])
  t.strictSame(await unread(t, { 'b.yaml': application('other', other) }), [])
  const elsewhere = [1, 2, 3].map((i) => application(`x${i}`, other, 'not/here')).join('---\n')
  t.strictSame(
    await unread(t, { ...files, 'b.yaml': elsewhere }),
    ['Application/x1'],
    'only folders that are here count',
  )
})

t.test('what can’t be compared counts as this repository', async (t) => {
  for (const url of [
    '{{ .repo }}',
    '${REPOSITORY_URL}',
    'https://github.com/$(ORG)/a',
    '/srv/a',
    '',
    'x',
  ])
    t.strictSame(await unread(t, { ...config(own), 'a.yaml': application('own', url) }), [], url)
})

t.test('hostile configurations have no remotes', async (t) => {
  for (const text of [
    `[remote "x"]\nurl = ${'a'.repeat(100_000)}\n`,
    `${'['.repeat(60_000)}`,
    `${' '.repeat(60_000)}url = ${own}`,
    `[core]\nurl = ${other}\n`,
    `${'\n'.repeat(70_000)}[remote "x"]\nurl = ${other}\n`,
    '\0'.repeat(1000),
  ])
    t.strictSame(
      await unread(t, { '.git/config': text, 'a.yaml': application('own', own) }),
      [],
      text.slice(0, 50),
    )
})
