import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { programPath } from '../support/needs/without.ts'
import { withoutHelm } from './helm.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
interface Fault {
  readonly from: string
  readonly fixedIn: string
  readonly reference: string
}
const faults: readonly Fault[] = JSON.parse(read('manifests/chart/files/kubelet-faults.json'))

/** What the chart's notes say about nodes with these kubelets: Helm gives `lookup` no nodes without a cluster. */
function notesFor(t: Test, kubelets: readonly string[]): string {
  const chart = join(t.testdir({}), 'chart')
  cpSync(join(root, 'manifests/chart'), chart, { recursive: true })
  const nodes = kubelets.map((kubeletVersion, index) => ({
    metadata: { name: `node-${index}` },
    status: { nodeInfo: { kubeletVersion } },
  }))
  writeFileSync(
    join(chart, 'templates/faults.yaml'),
    `text: {{ include "akv-injector.kubeletFaults" (list . (${JSON.stringify(JSON.stringify(nodes))} | fromJsonArray)) | toJson }}`,
  )
  const args = ['template', 'a', chart, '--set', 'image.repository=x.example/y']
  const { stdout, stderr } = spawnSync(
    programPath('helm'),
    [...args, '--kube-version', '1.35.0', '--show-only', 'templates/faults.yaml'],
    { encoding: 'utf8' },
  )
  const [, text] = /^text: (.*)$/m.exec(stdout) ?? []
  if (text === undefined) throw new Error(stderr)
  return JSON.parse(text)
}

t.test('the notes name kubelets with a fault, and no others', { skip: withoutHelm }, async (t) => {
  const fixed = ['v1.33.6', 'v1.34.2', 'v1.35.4', 'v1.36.0', 'v1.37.2', 'v1.35.10+k3s1']
  const faulty = ['v1.33.0', 'v1.33.5-eks-1', 'v1.34.1', 'v1.35.0', 'v1.35.3+k3s1']
  const text = notesFor(t, [...fixed, ...faulty, ...Array(400).fill('v1.35.2')])
  t.equal(text.match(/^WARNING: /gm)?.length, faults.length)
  const named = [...text.matchAll(/^ {2}node-\d+ (.*)$/gm)].map(([, version]) => version)
  t.strictSame(named, [...faulty, 'v1.35.2', 'v1.35.2', 'v1.35.2'])
  t.match(text, /^ {2}and 397 more$/m)
  t.equal(notesFor(t, fixed), '')
})

t.test('the page lists the same faults', async (t) => {
  const page = read('docs/support.md')
  t.ok(faults.length > 2)
  for (const { from, fixedIn, reference } of faults) {
    const issue = `https://github.com/${reference.replace('#', '/issues/')}`
    const row = page
      .split('\n')
      .find((line) => line.startsWith(`| ${from} to `) && line.includes(fixedIn))
    t.match(row, issue, `${from} to ${fixedIn}`)
  }
})
