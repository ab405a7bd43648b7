import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { printScript } from '../../../../command/grants/print-script.ts'
import { type Task, taskLines } from '../../../../repository/check/findings/task.ts'
import { runScript, startFakeAz } from '../../../support/fake-az/fake-az.ts'

const clientId = '22222222-2222-2222-2222-222222222222'
const other = '44444444-4444-4444-4444-444444444444'
const web = { namespace: 'shop', account: 'web' }

/** Runs the lines in a shell, as somebody would who pastes them. */
async function paste(t: Test, tasks: readonly Task[]) {
  const folder = t.testdir()
  const az = await startFakeAz(folder, [
    { clientId, name: 'id-shop', resourceGroup: 'rg-shop' },
    { clientId: other, name: 'id-other', resourceGroup: 'rg-other' },
  ])
  const kubectl = join(az.path, 'kubectl')
  writeFileSync(kubectl, '#!/bin/sh\nprintf "%s|" "$@"\necho\n')
  chmodSync(kubectl, 0o755)
  const { stdout, stderr } = await runScript(printScript(taskLines(tasks)).join('\n'), {
    PATH: `${az.path}:${process.env['PATH']}`,
    CLUSTER: 'prod',
    ISSUER: 'https://issuer.example/',
    CLIENT_ID: other,
  })
  t.equal(stderr, '')
  return { kubectl: stdout.trim().split('\n').filter(Boolean), created: az.created() }
}

t.test('the commands can be pasted', async (t) => {
  const { kubectl, created } = await paste(t, [
    { kind: 'label', namespace: 'shop' },
    { kind: 'federate', clientId, ...web },
    { kind: 'annotate', namespace: 'shop', account: 'api' },
    { kind: 'federate', namespace: 'shop', account: 'api' },
  ])
  t.strictSame(kubectl, [
    'label|namespace|shop|akv-injector.io/csi=true|',
    `annotate|serviceaccount|api|--namespace|shop|azure.workload.identity/client-id=${other}|`,
  ])
  const common = { issuer: 'https://issuer.example/', audiences: 'api://AzureADTokenExchange' }
  t.match(created, [
    {
      ...common,
      name: 'prod-shop_web',
      'identity-name': 'id-shop',
      'resource-group': 'rg-shop',
      subject: 'system:serviceaccount:shop:web',
    },
    { ...common, 'identity-name': 'id-other', subject: 'system:serviceaccount:shop:api' },
  ])
})

t.test('the manifest of an account that no file has is printed once, for all of them', (t) => {
  const add = { kind: 'add', ...web } as const
  const lines = printScript(taskLines([add, add]))
  t.strictSame(lines.slice(1), [
    '# The files lack ServiceAccount shop/web. Add it to them, or annotate the one in the cluster:',
    '#   apiVersion: v1',
    '#   kind: ServiceAccount',
    '#   metadata:',
    '#     name: web',
    '#     namespace: shop',
    '#     annotations:',
    '#       azure.workload.identity/client-id: CLIENT_ID',
  ])
  const forSync: Task = { kind: 'add', isForSync: true, namespace: 'bank', account: 'secret-sync' }
  const [, first, ...others] = printScript(taskLines([add, forSync]))
  t.equal(
    first,
    '# The files lack ServiceAccounts shop/web, bank/secret-sync. Add each, in the form of the first, to them:',
  )
  t.equal(others.filter((line) => line.endsWith('apiVersion: v1')).length, 1)
  t.match(others.at(-1), /"akv-injector rbac"/)
  t.end()
})

t.test('a name in that manifest stays a text', (t) => {
  const names = ['123', '1e3', '0x1f', '0o7', '1.5', '2026-01-02', 'true', 'no', 'on', 'y', 'null']
  for (const account of [...names, 'web', 'nobody', 'a.b'])
    for (const version of ['1.1', '1.2'] as const) {
      const [, , ...lines] = printScript(
        taskLines([{ kind: 'add', namespace: account.replaceAll('.', '-'), account }]),
      )
      const text = lines.map((line) => line.slice(2)).join('\n')
      t.match(
        parse(text, { version }),
        { metadata: { name: account, namespace: account.replaceAll('.', '-') } },
        text,
      )
    }
  t.end()
})

t.test('each command is printed once', async (t) => {
  const tasks: Task[] = [
    { kind: 'label', namespace: 'shop' },
    { kind: 'federate', clientId, ...web },
  ]
  t.strictSame(taskLines([...tasks, ...tasks]), taskLines(tasks))
  t.strictSame(taskLines([]), [])
})

t.test('a name that a shell would act on gives no command', async (t) => {
  for (const name of ['$(id)', 'a;id', '`id`', 'a b', '', '-n', "a'b", 'a\nb', 'A'])
    t.strictSame(
      taskLines([
        { kind: 'label', namespace: name },
        { kind: 'add', namespace: 'shop', account: name },
        { kind: 'annotate', namespace: 'shop', account: name },
        { kind: 'federate', clientId, namespace: 'shop', account: name },
        { kind: 'federate', clientId, namespace: name, account: 'web' },
      ]),
      [],
      JSON.stringify(name),
    )
})

t.test('long names and similar names give credentials of their own', async (t) => {
  const long = 'a'.repeat(200)
  const { created } = await paste(
    t,
    [`${long}b`, `${long}c`, 'a.b', 'a-b'].map((account) => ({
      kind: 'federate',
      clientId,
      namespace: 'shop',
      account,
    })),
  )
  t.equal(new Set(created.map(({ name }) => name)).size, 4)
})
