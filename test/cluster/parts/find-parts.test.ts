import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { apiServerParts, cacheFolder, findParts } from './find-parts.ts'
import { kubernetesVersions } from './kubernetes-versions.ts'

const log = () => {}

function program(folder: string, name: string, text = ''): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(folder, name), 0o755)
  return join(folder, name)
}

t.test('KUBEBUILDER_ASSETS comes before PATH, and PATH before the cache', async (t) => {
  const home = t.testdir()
  const [assets, path] = [join(home, 'assets'), join(home, 'bin')]
  const env = { HOME: home, KUBEBUILDER_ASSETS: assets, PATH: path }
  const cache = cacheFolder(env, 'kubernetes')
  const etcd = program(assets, 'etcd')
  const server = program(path, 'kube-apiserver')
  const controllers = program(cache, 'kube-controller-manager')
  for (const folder of [path, cache]) program(folder, 'etcd')
  program(cache, 'kube-apiserver')
  t.strictSame(await findParts({ env, log, names: apiServerParts }), {
    kind: 'valid',
    value: { etcd, 'kube-apiserver': server, 'kube-controller-manager': controllers },
  })
})

t.test('the cache is in XDG_CACHE_HOME if that is set', async (t) => {
  const folder = (env: Parameters<typeof cacheFolder>[0]) => cacheFolder(env, 'kubernetes')
  t.match(folder({ HOME: '/home/x' }), /^\/home\/x\/\.cache\/akv-injector\/[0-9a-f]{16}$/)
  t.match(folder({ HOME: '/home/x', XDG_CACHE_HOME: '/c' }), /^\/c\/akv-injector\//)
})

t.test(
  'each version of Kubernetes has a cache folder of its own; 1.36 is the default',
  async (t) => {
    const folder = (version?: string) =>
      cacheFolder({ HOME: '/home/x', CLUSTER_KUBERNETES_VERSION: version }, 'kubernetes')
    t.equal(new Set(kubernetesVersions.map(folder)).size, kubernetesVersions.length)
    for (const version of [undefined, '', '1.34', '../containerd'])
      t.equal(folder(version), folder('1.36'))
  },
)

t.test('the Go module of each version builds that version, from one release', async (t) => {
  for (const version of kubernetesVersions) {
    const goMod = readFileSync(join(import.meta.dirname, 'kubernetes', version, 'go.mod'), 'utf8')
    const [, patch] = /\sk8s\.io\/kubernetes v1\.\d+\.(\d+)$/m.exec(goMod) ?? []
    const staging = `v0.${version.slice(2)}.${patch}`
    const replaced = [...goMod.matchAll(/k8s\.io\/\S+ => k8s\.io\/\S+ (\S+)/g)]
    t.strictSame([...new Set(replaced.map(([, release]) => release))], [staging])
    t.match(goMod, `k8s.io/kubernetes v${version}.${patch}`)
  }
})

t.test('without Go the error says what to do', async (t) => {
  const home = t.testdir()
  const found = await findParts({ env: { HOME: home, PATH: home }, log, names: ['etcd'] })
  t.match(found, {
    problem: /^etcd can't be built: the program `go` is not in PATH\. Install Go .* KUBECONFIG/,
  })
})

t.test('the programs of a node aren’t taken from PATH', async (t) => {
  const env = { HOME: t.testdir(), PATH: join(t.testdirName, 'bin') }
  program(env.PATH, 'kubectl')
  const kubectl = program(cacheFolder(env, 'kubernetes'), 'kubectl')
  t.strictSame(await findParts({ env, log, names: ['kubectl'] }), {
    kind: 'valid',
    value: { kubectl },
  })
})

t.test('each program is in the cache folder of its Go module', async (t) => {
  const env = { HOME: t.testdir(), PATH: '' }
  const ctr = program(cacheFolder(env, 'containerd'), 'ctr')
  const etcd = program(cacheFolder(env, 'kubernetes'), 'etcd')
  program(cacheFolder(env, 'kubernetes'), 'ctr')
  t.strictSame(await findParts({ env, log, names: ['ctr', 'etcd'] }), {
    kind: 'valid',
    value: { ctr, etcd },
  })
})

t.test('Go builds each program once, into the cache', async (t) => {
  const home = t.testdir()
  const build = 'while [ "$1" != -o ]; do shift; done; echo built > "$2"; /bin/chmod +x "$2"'
  program(home, 'go', `[ "$1" = version ] || { ${build}; }`)
  const env = { HOME: home, PATH: home }
  const lines: string[] = []
  const find = () => findParts({ env, log: (line) => void lines.push(line), names: ['etcd'] })
  const built = { kind: 'valid', value: { etcd: join(cacheFolder(env, 'kubernetes'), 'etcd') } }
  t.strictSame(await find(), built)
  t.strictSame(await find(), built)
  t.match(lines, [/^building etcd/])
  t.equal(lines.length, 1)
})

t.test('a failed build leaves nothing in the cache, and the error has Go’s output', async (t) => {
  const home = t.testdir()
  program(home, 'go', '[ "$1" = version ] || { echo "no such module" >&2; exit 1; }')
  const env = { HOME: home, PATH: home }
  const found = await findParts({ env, log, names: ['etcd'] })
  t.match(found, { problem: /^etcd could not be built\. .*\nno such module$/ })
  t.strictSame(readdirSync(cacheFolder(env, 'kubernetes')), [])
})
