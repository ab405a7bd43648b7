import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { buildArguments } from '../build-image.ts'
import packageJson from '../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

t.test(
  'the engines are called alike, but for docker’s builder and lists of platforms',
  async (t) => {
    const one = { tag: 'registry.example/a:1', platform: 'linux/arm64', base: 'base:1' }
    const tail = (engine: 'buildah' | 'docker', options: Parameters<typeof buildArguments>[1]) =>
      buildArguments(engine, options, 'abc').slice(-3)
    t.strictSame(buildArguments('podman', one, 'abc'), [
      'build',
      ...['--file', 'Containerfile'],
      ...['--build-arg', `VERSION=${packageJson.version}`],
      ...['--build-arg', 'REVISION=abc'],
      ...['--build-arg', 'BASE=base:1'],
      ...['--platform', 'linux/arm64'],
      ...['--tag', 'registry.example/a:1'],
      '.',
    ])
    t.strictSame(buildArguments('docker', { tag: 'a' }, 'abc').slice(0, 3), [
      'buildx',
      'build',
      '--load',
    ])
    const both = { tag: 'a', platform: 'linux/amd64,linux/arm64' }
    t.strictSame(tail('buildah', both), ['--manifest', 'a', '.'])
    t.strictSame(tail('docker', both), ['--tag', 'a', '.'])
  },
)

t.test(
  'the image holds the Node that is tested, runs as nobody, and has the probe’s binary',
  async (t) => {
    const containerfile = read('Containerfile')
    t.match(containerfile, `ARG BASE=docker.io/library/node:${process.versions.node}-`)
    const [, last = ''] = containerfile.split('FROM scratch')
    t.match(last, /^USER 65532:65532$/m)
    t.match(last, /^ENTRYPOINT \["\/usr\/local\/bin\/node", "\/app\/main\.js"\]$/m)
    t.notMatch(last, /^(RUN|ADD) /m, 'nothing in it could run')
    t.match(containerfile, ' /image/usr/bin/test;')
  },
)

/** Engines of our own on the PATH. Each answers `info` with its exit code, and writes down what it is to build. */
async function runScript(t: Test, engines: Readonly<Record<string, number>>) {
  const folder = t.testdir({
    bin: Object.fromEntries(
      Object.keys(engines).map((name) => [name, t.fixture('symlink', '../engine')]),
    ),
    engine: '',
  })
  writeFileSync(
    join(folder, 'engine'),
    `#!/bin/sh
name=$(basename "$0")
if [ "$1" = info ]; then
  case $name in ${Object.entries(engines)
    .map(([name, code]) => `${name}) exit ${code};;`)
    .join(' ')} esac
fi
echo "$name" "$@" > "${folder}/called"
ls dist > "${folder}/dist"
`,
  )
  chmodSync(join(folder, 'engine'), 0o755)
  const child = spawn(process.execPath, [join(root, 'build-image.ts'), '--tag', 'test:1'], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { folder, code, stderr }
}

t.test('the first engine that works gets the bundle and its bill of materials', async (t) => {
  const { folder, code, stderr } = await runScript(t, { buildah: 1, podman: 0, docker: 0 })
  t.equal(code, 0, stderr)
  t.match(readFileSync(join(folder, 'called'), 'utf8'), /^podman build .*--tag test:1 \.$/m)
  t.match(readFileSync(join(folder, 'dist'), 'utf8'), /^main\.js\n[\s\S]*^sbom\.cdx\.json$/m)
  const { metadata, components } = JSON.parse(read('dist/sbom.cdx.json'))
  const names = components.map(({ name }: { name: string }) => name)
  t.equal(metadata.component.name, 'akv-injector')
  for (const name of ['fastify', 'node', 'msal-node'])
    t.ok(
      names.some((known: string) => known.endsWith(name)),
      name,
    )
  t.notOk(names.includes('tap'), 'what the tests use is not in the image')
})

t.test('without an engine it says which there could be', async (t) => {
  const { code, stderr } = await runScript(t, { buildah: 1, podman: 1, docker: 1 })
  t.equal(code, 1)
  t.match(stderr, 'an image is built by buildah, podman, docker: none of them works here')
})
