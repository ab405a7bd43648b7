import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createMachineResource } from './machine-resource.ts'
import { temporaryFolder } from './temporary-folder.ts'

const module = join(import.meta.dirname, 'machine-resource.ts')

t.test('the script that removes a resource can use the variables of the other', async (t) => {
  const folder = t.testdir()
  const resource = await createMachineResource({
    create: `cd "${folder}"; name=a; touch "$name"; echo "$name"`,
    remove: 'rm "$name"',
  })
  t.equal(resource.output, 'a')
  t.ok(existsSync(join(folder, 'a')))
  await resource.remove()
  t.notOk(existsSync(join(folder, 'a')))
})

t.test('a resource is removed even if its owner is killed', async (t) => {
  const file = join(t.testdir(), 'file')
  const script = `
    const { createMachineResource } = await import(${JSON.stringify(module)})
    await createMachineResource({ create: 'touch "${file}"', remove: 'rm "${file}"' })
    console.log('created')
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(parent.stdout, 'data')
  t.ok(existsSync(file))
  parent.kill('SIGKILL')
  await once(parent, 'close')
  while (existsSync(file)) await delay(20)
  t.pass('the file was removed')
})

t.test('a script that fails rejects with its standard error', async (t) => {
  const create = 'echo half; echo "no such device" >&2; exit 1'
  const resource = createMachineResource({ create, remove: '' })
  await t.rejects(resource, /a shell script of the cluster tests failed: no such device$/)
})

t.test('a resource that was created in part is removed', async (t) => {
  const folder = t.testdir()
  const resource = createMachineResource({
    create: `cd "${folder}"; name=a; touch "$name" seen; false; touch b`,
    remove: 'rm "$name"; rm absent; rm seen; touch removed',
  })
  await t.rejects(resource, /a shell script of the cluster tests failed: $/)
  t.strictSame(readdirSync(folder), ['removed'])
})

t.test('a temporary folder exists until it is removed', async (t) => {
  const folder = temporaryFolder()
  t.ok(existsSync(folder.path))
  folder.remove()
  t.notOk(existsSync(folder.path))
})
