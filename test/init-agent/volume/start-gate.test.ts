import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  envFolder,
  startGateFileName,
  startGatePath,
  startGateVariable,
} from '../../../delivery/contract.ts'
import { parseEnvFile } from '../../../init-agent/volume/env-file.ts'
import { openStartGate, prepareStartGate } from '../../../init-agent/volume/start-gate.ts'

const makeGate = (root: string) => {
  const path = join(root, envFolder, startGateFileName)
  return {
    path,
    prepare: () => prepareStartGate(root),
    open: () => openStartGate(root),
    read: () => readFileSync(path, 'utf8'),
  }
}

t.test('it is empty until it opens, and then the kubelet finds the variable', async (t) => {
  const { prepare, open, path, read } = makeGate(t.testdir({ env: {} }))
  prepare()
  t.equal(read(), '')
  t.equal(lstatSync(path).mode & 0o7777, 0o400)
  open()
  t.equal(parseEnvFile(Buffer.from(read()))?.get(startGateVariable)?.length, 'true'.length)
  t.equal(lstatSync(path).mode & 0o7777, 0o400)
  t.notOk(existsSync(`${path}_tmp`))
})

t.test('an open gate stays open, and is not written again', async (t) => {
  const { prepare, open, path, read } = makeGate(t.testdir({ env: {} }))
  prepare()
  open()
  const { ino } = lstatSync(path)
  prepare()
  open()
  t.equal(lstatSync(path).ino, ino)
  t.match(read(), startGateVariable)
})

t.test('after a reboot, or if the file was not prepared, it opens all the same', async (t) => {
  const { prepare, open, path, read } = makeGate(t.testdir({ env: {} }))
  open()
  t.match(read(), startGateVariable)
  rmSync(path)
  // An agent that was killed before it renamed the file has left this one.
  writeFileSync(`${path}_tmp`, startGateVariable.slice(0, 3), { mode: 0o400 })
  prepare()
  open()
  t.equal(read(), `${startGateVariable}='true'\n`)
})

t.test('a volume that cannot be written is an error of its own', async (t) => {
  const { prepare, open } = makeGate(t.testdir())
  for (const step of [prepare, open]) t.throws(step, { code: 'AKV_WRITE_FAILED' })
})

t.test('the probes look for this file', async (t) => {
  t.equal(startGatePath, join('/akv', envFolder, startGateFileName))
})
