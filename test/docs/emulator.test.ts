import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { root, run, start } from '../support/run-command-line.ts'

const page = readFileSync(join(root, 'docs/emulator.md'), 'utf8')
const block = (language: string) =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? ''
const folder = t.testdir({ 'vault.yaml': block('yaml') })
const ca = join(folder, 'ca.pem')
const addresses = await startEmulator()
/** With the ports of this emulator instead of the default ones. */
const here = (text: string) =>
  text
    .replaceAll('https://localhost:8444', addresses.url)
    .replaceAll('http://127.0.0.1:8445', addresses.control)

async function startEmulator() {
  const ports = ['--listen', '127.0.0.1:0', '--control-port', '0']
  const data = ['--data', join(folder, 'vault.yaml'), '--ca-out', ca]
  const { child, output, ended } = start(['emulator', ...ports, ...data])
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  while (!output.stdout.includes('Ctrl-C')) {
    const closed = await Promise.race([ended, new Promise((go) => child.stdout.once('data', go))])
    if (child.exitCode !== null) throw new Error(JSON.stringify(closed))
  }
  const [url = ''] = /https:\S+/.exec(output.stdout) ?? []
  const [control = ''] = /http:\S+/.exec(output.stdout) ?? []
  return { url, control, stdout: output.stdout }
}

/** Sends what a line with `curl` would. */
async function curl(line: string) {
  const [, url = '', option, json] =
    /^curl (\S+)(?: (--json) '(.*)'| --request DELETE)?$/.exec(line) ?? []
  const method = option ? 'POST' : line.endsWith('DELETE') ? 'DELETE' : 'GET'
  const body = json === undefined ? {} : { body: json }
  const headers = json === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(here(url), { method, headers, ...body })
  return { status: response.status, text: await response.text() }
}

t.test('the emulator prints what the page shows', async (t) => {
  const [shown = ''] = /^Entra and Key Vault[\s\S]*?stop\.$/m.exec(page) ?? []
  t.equal(addresses.stdout.trim(), here(shown).replace('ca.pem', ca))
})

t.test('the SDK connects as the page says', async (t) => {
  const file = join(folder, 'connect.mjs')
  writeFileSync(file, here(block('js')))
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: ca }
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env })
  t.equal(stdout, 'correct horse\n')
})

t.test('every request of the page is accepted, in the order of the page', async (t) => {
  const lines = page.split('\n').filter((line) => line.startsWith('curl '))
  t.ok(lines.length >= 14)
  for (const line of lines) t.equal((await curl(line)).status, 200, line)
  const paths = [...page.matchAll(/^\| `(?:GET|POST|DELETE) (\/\S+)`/gm)].map(([, path]) => path)
  t.strictSame(
    paths.filter((path = '?') => !lines.some((line) => line.includes(path))),
    [],
  )
})

t.test('the page lists every fault, and every option of the command', async (t) => {
  const json = '{"action":{"kind":"none"}}'
  const { text } = await curl(`curl http://127.0.0.1:8445/faults --json '${json}'`)
  const kinds = /accepted: ([\w, ]+)/.exec(text)?.[1]?.split(', ') ?? []
  const [, table = ''] = /\| `action\.kind`([\s\S]*?)\n\n/.exec(page) ?? []
  t.strictSame([...table.matchAll(/^\| `(\w+)`/gm)].map(([, kind]) => kind).sort(), kinds.sort())
  const { stdout } = await run(['emulator', '--help'])
  const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name)
  const documented = [...page.matchAll(/^\| `(--[\w-]+)/gm)].map(([, name]) => name)
  t.strictSame([...documented, '--help'], options)
})
