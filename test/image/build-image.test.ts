import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { buildArguments, buildImage } from '../../image/build-image.ts'
import { buildImageArchive } from '../../image/build-image-archive.ts'
import { buildInRegistry } from '../../image/build-in-registry.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { copyBundle } from '../support/start-fast/copy-bundle.ts'
import { readLayout, writeLayout } from './oci-layout.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

t.test(
  'the engines are called alike, but for docker’s builder and lists of platforms',
  async (t) => {
    const image = { tag: 'registry.example/a:1', platform: 'linux/arm64', base: 'base:1' }
    t.strictSame(buildArguments('podman', image, 'abc'), [
      'build',
      ...['--file', 'Containerfile'],
      ...['--build-arg', `VERSION=${packageJson.version}`],
      ...['--build-arg', 'REVISION=abc'],
      ...['--build-arg', `NODE_VERSION=${process.versions.node}`],
      ...['--build-arg', 'BASE=base:1'],
      ...['--layers', '--no-cache', '--timestamp', '0'],
      ...['--platform', 'linux/arm64'],
      ...['--tag', 'registry.example/a:1'],
      '.',
    ])
    const both = { tag: 'a', platform: 'linux/amd64,linux/arm64' }
    t.strictSame(buildArguments('buildah', both, 'abc').slice(-3), ['--manifest', 'a', '.'])
    const docker = buildArguments('docker', both, 'abc')
    t.strictSame(docker.slice(0, 3), ['buildx', 'build', '--load'])
    t.strictSame(docker.slice(-3), ['--tag', 'a', '.'])
    t.ok(docker.includes('SOURCE_DATE_EPOCH=0'))
    t.strictSame(buildArguments('docker', { ...both, layout: '/out' }, 'abc').slice(0, 5), [
      ...['buildx', 'build', '--provenance=false'],
      ...['--output', 'type=oci,tar=false,dest=/out'],
    ])
    t.strictSame(
      buildArguments('podman', { ...both, layout: '/out' }, 'abc'),
      buildArguments('podman', both, 'abc'),
      'podman builds first, and then pushes to a layout',
    )
  },
)

t.test('the image holds the Node that is tested, and runs as nobody', async (t) => {
  const containerfile = read('Containerfile')
  t.match(containerfile, `ARG NODE_VERSION=${process.versions.node}\nARG BASE=`)
  const [, last = ''] = containerfile.split('FROM scratch')
  t.match(last, /^USER 65532:65532$/m)
  t.notMatch(last, /^(RUN|ADD) /m, 'nothing in it could run')
  t.match(containerfile, ' -o /image/usr/local/bin/node ', 'where the probe’s #! line expects it')
  t.match(containerfile, ' ln -s /app/await-files.js /image/usr/bin/test;', 'the startup probe')
  const executable =
    /^COPY LICENSE dist \/program\/app\/\n(#.*\n)*RUN set -eu; \\\n +chmod -R 755 \/program;/m
  t.match(containerfile, executable, 'so that the kernel starts the probe')
  const onlyBuildKit =
    /^(COPY|ADD|RUN) .*(--(chmod|link|mount|parents|exclude|checksum|security|network)|<<)/m
  t.notMatch(containerfile, onlyBuildKit, 'az acr build has no BuildKit')
})

/** Engines of our own, as a PATH. Each answers `info` with its exit code, and writes down what it is to do. */
function makeEngines(t: Test, engines: Readonly<Record<string, number>>) {
  const folder = t.testdir({
    bin: Object.fromEntries(
      Object.keys(engines).map((name) => [name, t.fixture('symlink', '../engine')]),
    ),
    engine: '',
  })
  writeLayout(join(folder, 'layout'))
  writeFileSync(
    join(folder, 'engine'),
    `#!/bin/sh
name=$(basename "$0")
if [ "$1" = info ]; then
  case $name in ${Object.entries(engines)
    .map(([name, code]) => `${name}) exit ${code};;`)
    .join(' ')} esac
fi
echo "$name" "$@" >> "${folder}/called"
case "$*" in
  'build '*) pwd > "${folder}/context"; cp -R dist "${folder}/dist";;
  'acr build '*) pwd > "${folder}/context"; cp -R dist "${folder}/dist"; exit ${engines['az'] ?? 0};;
  push*|'manifest push'*|buildx*dest=*)
    to=$(echo "$*" | sed -E 's/.*(oci:|dest=)([^ :]+).*/\\2/')
    cp -R "${folder}/layout/." "$to";;
  *) exit 125;;
esac
`,
  )
  chmodSync(join(folder, 'engine'), 0o755)
  return {
    folder,
    path: `${join(folder, 'bin')}:${process.env['PATH']}`,
    called: () => readFileSync(join(folder, 'called'), 'utf8'),
  }
}

async function runScript(
  t: Test,
  engines: Readonly<Record<string, number>>,
  args: readonly string[] = [],
) {
  const { folder, path, called } = makeEngines(t, engines)
  const script = join(root, 'image/main.ts')
  // With an IPC channel, unlike the build of `npm test`: the channel once changed the bytes of the bundle.
  const child = fork(script, ['--tag', 'test:1', ...args], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    execArgv: [],
    silent: true,
  })
  if (child.stdout === null || child.stderr === null) throw new Error('its output is not piped')
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { folder, called, code, stdout, stderr }
}

/** What the script has bundled, for the builds in this process. */
const dist = join(t.testdir(), 'dist')

/** Engines on the PATH of this process. */
function useEngines(t: Test, engines: Readonly<Record<string, number>>) {
  const { path, ...made } = makeEngines(t, engines)
  const { PATH } = process.env
  process.env['PATH'] = path
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  return made
}

t.test('the first engine that works gets the bundle, its bill and its licences', async (t) => {
  const archive = join(t.testdir(), 'image.tar')
  const engines = { buildah: 1, podman: 0, docker: 0 }
  const { folder, called, code, stdout, stderr } = await runScript(t, engines, [
    ...['--archive', archive],
  ])
  t.equal(code, 0, stderr)
  t.equal(stdout, `${readArchive(t, archive).top.digest}\n`)
  t.match(called(), /^podman build .*--timestamp 0 --tag test:1 \.\npodman push .*\n$/)
  t.match(called(), / REVISION=([0-9a-f]{40}(-dirty)?|unknown) /)
  const context = readFileSync(join(folder, 'context'), 'utf8').trim()
  t.not(context, root, 'another build, or npm pack, can write the checkout’s dist/ meanwhile')
  t.notOk(existsSync(context))

  renameSync(join(folder, 'dist'), dist)
  const read = (name: string) => readFileSync(join(dist, name), 'utf8')
  t.match(read('main.js'), 'require')
  t.strictSame(JSON.parse(read('package.json')), { type: 'commonjs' })
  t.match(
    read('await-files.js'),
    /^#!\/usr\/local\/bin\/node --disable-sigusr1\n/,
    'the startup probe',
  )
  const bill: Bill = JSON.parse(read('sbom.cdx.json'))
  t.equal(bill.metadata.component.name, 'akv-injector')
  const names = bill.components.map(({ name }) => name)
  // The last two are needed by tools of development too, for which `npm sbom` leaves them out.
  for (const name of ['fastify', 'node', '@azure/msal-node', 'yaml', 'ajv'])
    t.ok(names.includes(name), name)
  for (const name of ['tap', 'esbuild', '@types/node'])
    t.notOk(names.includes(name), `${name} is not in the image`)
  for (const name of ['open', 'jsonwebtoken', 'http-proxy-agent', 'https-proxy-agent'])
    t.notOk(names.includes(name), `no use of the SDKs here needs ${name}`)

  const notices = read('THIRD-PARTY-NOTICES.txt')
  const libraries = bill.components.filter(({ type }) => type === 'library')
  const licence = ({ licenses }: Component) => licenses?.[0]?.expression ?? 'none'
  const heading = (part: Component) => `\n${part.name} ${part.version}\nLicence: ${licence(part)}\n`
  t.strictSame(
    libraries.filter((part) => !notices.includes(heading(part))),
    [],
    'each has its licence in the image',
  )
  t.strictSame(
    libraries.filter((part) => !usable.has(licence(part))),
    [],
    'no other licences',
  )
})

t.test('another build of the bundle has the same bytes, whatever its folder', async (t) => {
  const folder = t.testdir()
  await copyBundle(folder)
  const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  const programs = paths.filter((path) => /\.m?js$/.test(path))
  t.ok(programs.length > 20, `${programs.length} files were compared`)
  for (const path of programs)
    t.ok(readFileSync(join(dist, path)).equals(readFileSync(join(folder, path))), path)
})

interface Component {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly licenses?: readonly { readonly expression: string }[]
}

interface Bill {
  readonly metadata: { readonly component: { readonly name: string } }
  readonly components: readonly Component[]
}

/** Licences that ask for no more than their text beside a copy. Of node-forge's two we take the first. */
const usable = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Unlicense'],
  '(BSD-3-Clause OR GPL-2.0)',
])

const platform = 'linux/amd64,linux/arm64'

t.test('a later list of platforms replaces an earlier one', async (t) => {
  const { called } = useEngines(t, { buildah: 0 })
  t.equal(await buildImage({ tag: 'test:1', dist, platform }), 'buildah')
  t.match(
    called(),
    /^buildah manifest rm test:1\nbuildah rmi test:1\nbuildah build .*--manifest test:1 \.\n$/,
  )
})

t.test('without a container engine, the image build names the possible ones', async (t) => {
  const { code, stderr } = await runScript(t, { buildah: 1, podman: 1, docker: 1 })
  t.equal(code, 1)
  t.match(stderr, 'none of buildah, podman, docker works here; install one')
})

t.test('a registry of Azure builds from the same folder', async (t) => {
  const { called, folder } = useEngines(t, { az: 0, buildah: 0 })
  await buildInRegistry({ acr: 'shop1', tag: 'akv-injector:1', dist, base: 'base:1' })
  t.match(
    called(),
    /^az acr build --registry shop1 --image akv-injector:1 --file Containerfile (--build-arg \w+=\S+ ){4}--platform linux\/amd64 \.\n$/,
  )
  t.notOk(existsSync(readFileSync(join(folder, 'context'), 'utf8').trim()))
  const failing = useEngines(t, { az: 1 })
  const fails = buildInRegistry({ acr: 'shop1', tag: 'a:1', dist, platform: 'linux/arm64' })
  await t.rejects(fails, { message: 'the registry shop1 could not build the image' })
  t.match(failing.called(), / --platform linux\/arm64 \.\n$/)
})

t.test('without the Azure CLI, the build says so', async (t) => {
  const { PATH } = process.env
  process.env['PATH'] = t.testdir()
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  await t.rejects(buildInRegistry({ acr: 'shop1', tag: 'a:1', dist }), {
    message: 'az can’t be started; install the Azure CLI, and sign in with az login',
  })
})

/** The machine may have engines that work. */
const broken = { buildah: 1, podman: 1, docker: 1 }
const archives = [
  {
    engine: 'buildah',
    options: {},
    expected: /^buildah build .*\nbuildah push --quiet test:1 oci:/,
  },
  {
    engine: 'podman',
    options: { platform },
    expected: /\npodman build .*\npodman manifest push --all --quiet test:1 oci:/,
  },
  {
    engine: 'docker',
    options: { platform },
    expected: /^docker buildx build --provenance=false --output type=oci,tar=false,dest=\S+ .*\n$/,
  },
]
for (const { engine, options, expected } of archives)
  for (const compression of ['gzip', 'zstd'] as const)
    t.test(`${engine} gives an archive with ${compression}, and its digest`, async (t) => {
      const archive = join(t.testdir(), 'image.tar')
      const { called } = useEngines(t, { ...broken, [engine]: 0 })
      const build = { tag: 'test:1', dist, ...options }
      const digest = await buildImageArchive({ ...build, archive, compression })
      t.match(called(), expected)
      const { top, layerTypes } = readArchive(t, archive)
      t.equal(digest, top.digest)
      t.strictSame(layerTypes, Array(4).fill(`tar+${compression}`))
    })

function readArchive(t: Test, archive: string) {
  const folder = join(t.testdirName, 'unpacked')
  mkdirSync(folder)
  execFileSync('tar', ['-xf', archive, '-C', folder])
  return readLayout(folder)
}

for (const { args, message } of [
  { args: ['--compression', 'zstd'], message: 'name one with --archive FILE' },
  {
    args: ['--acr', 'shop1.azurecr.io'],
    message: '--acr is "shop1.azurecr.io", but must be the name of an Azure container registry',
  },
  {
    args: ['--acr', 'shop1', '--archive', 'a.tar'],
    message: '--archive can’t be used with --acr',
  },
  {
    args: ['--acr', 'shop1', '--platform', 'linux/amd64,linux/arm64'],
    message: 'with --acr, --platform names one platform',
  },
  {
    args: ['--acr', 'shop1', '--tag', 'shop1.azurecr.io/a:1'],
    message: '--tag is "shop1.azurecr.io/a:1", but with --acr it must be a repository',
  },
  { args: ['--compression', 'xz'], message: '--compression is "xz", but must be gzip or zstd' },
])
  t.test(`${args.join(' ')} alone is refused before anything is built`, async (t) => {
    const { folder, code, stderr } = await runScript(t, { buildah: 0 }, args)
    t.equal(code, 1)
    t.match(stderr, message)
    t.notOk(existsSync(join(folder, 'called')))
  })
