import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { apiServerParts, cacheFolder, findParts } from './find-parts.ts'

const tell = () => {}

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
  t.strictSame(await findParts({ env, tell, names: apiServerParts }), {
    parts: { etcd, 'kube-apiserver': server, 'kube-controller-manager': controllers },
  })
})

t.test('the cache is below XDG_CACHE_HOME where that is set', async (t) => {
  const folder = (env: Parameters<typeof cacheFolder>[0]) => cacheFolder(env, 'kubernetes')
  t.match(folder({ HOME: '/home/x' }), /^\/home\/x\/\.cache\/akv-injector\/[0-9a-f]{16}$/)
  t.match(folder({ HOME: '/home/x', XDG_CACHE_HOME: '/c' }), /^\/c\/akv-injector\//)
})

t.test('without Go a sentence says what to do', async (t) => {
  const home = t.testdir()
  const found = await findParts({ env: { HOME: home, PATH: home }, tell, names: ['etcd'] })
  t.match(found, {
    problem: /^etcd can't be built: the program `go` is not in PATH\. Install Go .* KUBECONFIG/,
  })
})

t.test('what a node takes isn’t taken from PATH', async (t) => {
  const env = { HOME: t.testdir(), PATH: join(t.testdirName, 'bin') }
  program(env.PATH, 'kubectl')
  const kubectl = program(cacheFolder(env, 'kubernetes'), 'kubectl')
  t.strictSame(await findParts({ env, tell, names: ['kubectl'] }), { parts: { kubectl } })
})

t.test('each program is in the folder of its own modules', async (t) => {
  const env = { HOME: t.testdir(), PATH: '' }
  const ctr = program(cacheFolder(env, 'containerd'), 'ctr')
  const etcd = program(cacheFolder(env, 'kubernetes'), 'etcd')
  program(cacheFolder(env, 'kubernetes'), 'ctr')
  t.strictSame(await findParts({ env, tell, names: ['ctr', 'etcd'] }), { parts: { ctr, etcd } })
})

t.test('Go builds into the cache, once', async (t) => {
  const home = t.testdir()
  const build = 'while [ "$1" != -o ]; do shift; done; echo built > "$2"; /bin/chmod +x "$2"'
  program(home, 'go', `[ "$1" = version ] || { ${build}; }`)
  const env = { HOME: home, PATH: home }
  const told: string[] = []
  const find = () => findParts({ env, tell: (line) => void told.push(line), names: ['etcd'] })
  const parts = { etcd: join(cacheFolder(env, 'kubernetes'), 'etcd') }
  t.strictSame(await find(), { parts })
  t.strictSame(await find(), { parts })
  t.match(told, [/^building etcd/])
  t.equal(told.length, 1)
})

t.test('a build that fails leaves nothing in the cache and shows what Go said', async (t) => {
  const home = t.testdir()
  program(home, 'go', '[ "$1" = version ] || { echo "no such module" >&2; exit 1; }')
  const env = { HOME: home, PATH: home }
  const found = await findParts({ env, tell, names: ['etcd'] })
  t.match(found, { problem: /^etcd could not be built\. .*\nno such module$/ })
  t.strictSame(readdirSync(cacheFolder(env, 'kubernetes')), [])
})
