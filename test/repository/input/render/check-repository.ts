import { symlinkSync } from 'node:fs'
import type { Test } from 'tap'
import { findProgram } from '../../../cluster/parts/find-program.ts'
import { makeFolder, type Texts } from '../../../support/repository.ts'
import { runInFolder } from '../../../support/run-in-folder.ts'

const find = (name: string) => findProgram({ env: process.env, name, cached: '' })
const helm = find('helm')
const kustomize = find('kustomize')

export const clientId = '22222222-2222-2222-2222-222222222222'

/** A chart whose pod has the release's name, and the vault of its values. */
export const chart = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'charts/web/values.yaml': 'vault: kv-chart\nsecret: own\n',
  'charts/web/templates/pod.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  annotations:
    akv-injector.io/vault: {{ .Values.vault }}
    akv-injector.io/secrets: {{ .Values.secret | quote }}
    akv-injector.io/client-id: ${clientId}
spec: { containers: [{ name: web, image: web }] }
`,
}

/** An Application with one source. */
export const application = (name: string, source: string, namespace = 'shop') =>
  `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { name: a, namespace: ${namespace} }
  source: { repoURL: https://git.example/a, ${source} }
`

/** Checks a repository, or runs another command on it, with these programs on the PATH. */
export async function checkRepository(
  t: Test,
  files: Texts,
  {
    command = 'check',
    args = [],
    programs = { helm, kustomize },
    links = {},
  }: {
    readonly command?: string
    readonly args?: readonly string[]
    /** Symbolic links in the repository, and what they lead to. */
    readonly links?: Texts
    readonly programs?: Readonly<Record<string, string | undefined>>
  } = {},
) {
  const { pathOf } = makeFolder(t, { 'repository/.git/HEAD': '', 'bin/.keep': '', ...under(files) })
  for (const [name, program] of Object.entries(programs))
    if (program !== undefined) symlinkSync(program, pathOf(`bin/${name}`))
  for (const [path, target] of Object.entries(links))
    symlinkSync(target, pathOf(`repository/${path}`))
  const { code, stdout, stderr } = await runInFolder(
    pathOf('repository'),
    [command, '.', ...args],
    { PATH: pathOf('bin') },
  )
  return { code, stderr, stdout, pods: podsOf(stdout), pathOf }
}

/** Moves files into the folder that is checked. */
export const under = (files: Texts): Texts =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`repository/${path}`, text]))

/** Each pod with the first secret that it would get. */
const podsOf = (stdout: string) =>
  stdout
    .split('\n\n')
    .filter((block) => block.startsWith('Pod/'))
    .map((block) => `${/^Pod\/(.*?):/.exec(block)?.[1]} ${/from (\S+)/.exec(block)?.[1]}`)
    .toSorted()
