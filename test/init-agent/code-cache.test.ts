import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { loadAgent } from '../../init-agent/code-cache.ts'
import { liteFlags } from '../../init-agent/rest/replace-process.ts'
import { copyBundle } from '../support/start-fast/copy-bundle.ts'

const folder = t.testdir({ image: {}, again: {} })
const image = join(folder, 'image')
const caches = ['agent-lite.cache', 'agent.cache']

/** As the image's build does. */
async function build(to: string): Promise<void> {
  await copyBundle(to)
  execFileSync(process.execPath, [join(to, 'write-code-caches.js')])
}

await build(image)

/** Says for each compiled script whether V8 has rejected its cache, or undefined if there was none. */
const tell = join(folder, 'tell.cjs')
writeFileSync(
  tell,
  `const vm = require('node:vm')
  vm.Script = class extends vm.Script {
    constructor(...args) {
      super(...args)
      console.error(String(this.cachedDataRejected))
    }
  }`,
)

/** Starts the agent without a configuration, which ends it as soon as it is loaded. */
function start(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const args = ['--require', tell, ...flags, join(image, 'main.js'), 'agent', '--root', folder]
  const options = { encoding: 'utf8', env, cwd: folder } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options)
  return { status, stdout, isRejected: stderr.trim() }
}

const loaded = { status: 2, stdout: /AKV_CONFIG_INVALID/ }
const containerfile = readFileSync(join(import.meta.dirname, '../../Containerfile'), 'utf8')
const [, imageOptions = ''] = /NODE_OPTIONS="([^"]+)"/.exec(containerfile) ?? []

t.test(
  'V8 accepts the caches in both forms of the agent, with and without the image’s options',
  async (t) => {
    t.match(imageOptions, '--max-old-space-size')
    for (const flags of [[], liteFlags])
      for (const options of ['', imageOptions])
        t.match(start(flags, { NODE_OPTIONS: options }), { ...loaded, isRejected: 'false' })
  },
)

t.test('the caches of two builds have the same bytes, whatever their folders', async (t) => {
  const again = join(folder, 'again')
  await build(again)
  for (const name of caches) {
    t.ok(statSync(join(image, name)).size > 500_000, `${name} holds the program`)
    t.ok(readFileSync(join(image, name)).equals(readFileSync(join(again, name))), name)
  }
})

t.test('a cache that V8 rejects costs nothing but time', async (t) => {
  t.match(start(['--no-flush-bytecode']), { ...loaded, isRejected: 'true' }, 'other flags')
  const cache = join(image, 'agent.cache')
  const content = readFileSync(cache)
  const otherVersion = Buffer.from(content)
  // After a magic number, V8 stores a hash of its version.
  otherVersion.writeInt32LE(~otherVersion.readInt32LE(4), 4)
  const spoilt = {
    empty: Buffer.alloc(0),
    'cut short': content.subarray(0, content.length / 2),
    'of another V8': otherVersion,
    'of other content': Buffer.alloc(content.length, 7),
  }
  for (const [what, bytes] of Object.entries(spoilt)) {
    writeFileSync(cache, bytes)
    t.match(start(), { ...loaded, isRejected: 'true' }, what)
  }
  rmSync(cache)
  t.match(start(), { ...loaded, isRejected: 'undefined' }, 'none, as in the npm package')
  mkdirSync(cache)
  t.match(start(), { ...loaded, isRejected: 'undefined' }, 'not readable')
})

t.test('a file that isn’t the agent’s bundle is named', async (t) => {
  const other = t.testdir({ 'agent.js': '(function () {})' })
  t.throws(() => loadAgent(other, createRequire(import.meta.url)), {
    message: 'agent.js exports nothing',
  })
})
