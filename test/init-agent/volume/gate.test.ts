import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { envFolder, gateFileName, gatePath, gateVariable } from '../../../delivery/contract.ts'
import { parseEnvFile } from '../../../init-agent/volume/env-file.ts'
import { gateOf } from '../../../init-agent/volume/gate.ts'

const makeGate = (root: string) => {
  const path = join(root, envFolder, gateFileName)
  return { path, gate: gateOf(root), read: () => readFileSync(path, 'utf8') }
}

t.test('it is empty until it opens, and then the kubelet finds the variable', async (t) => {
  const { gate, path, read } = makeGate(t.testdir({ env: {} }))
  gate.prepare()
  t.equal(read(), '')
  t.equal(lstatSync(path).mode & 0o7777, 0o400)
  gate.open()
  t.equal(parseEnvFile(Buffer.from(read()))?.get(gateVariable)?.length, 'true'.length)
  t.equal(lstatSync(path).mode & 0o7777, 0o400)
  t.notOk(existsSync(`${path}_tmp`))
})

t.test('an open gate stays open, and is not written again', async (t) => {
  const { gate, path, read } = makeGate(t.testdir({ env: {} }))
  gate.prepare()
  gate.open()
  const { ino } = lstatSync(path)
  gate.prepare()
  gate.open()
  t.equal(lstatSync(path).ino, ino)
  t.match(read(), gateVariable)
})

t.test('after a reboot, or if the file was not prepared, it opens all the same', async (t) => {
  const { gate, path, read } = makeGate(t.testdir({ env: {} }))
  gate.open()
  t.match(read(), gateVariable)
  rmSync(path)
  // An agent that was killed before it renamed the file has left this one.
  writeFileSync(`${path}_tmp`, gateVariable.slice(0, 3), { mode: 0o400 })
  gate.prepare()
  gate.open()
  t.equal(read(), `${gateVariable}='true'\n`)
})

t.test('a volume that cannot be written is an error', async (t) => {
  const { gate } = makeGate(t.testdir())
  for (const step of [gate.prepare, gate.open]) t.throws(step, { code: 'ENOENT' })
})

t.test('the probes look for this file', async (t) => {
  t.equal(gatePath, join('/akv', envFolder, gateFileName))
})
