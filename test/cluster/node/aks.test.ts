import t from 'tap'
import { codeBlocks } from '../../support/page-commands.ts'
import { supportsEnv } from '../client/env-support.ts'
import { clientId } from '../csi/harness/classes.ts'
import { openPageShell } from './csi/harness/page-shell.ts'
import { openNode } from './harness/open-node.ts'

const node = openNode(t)

t.test('the first pod of docs/aks.md starts and prints the secret twice', async (t) => {
  const namespace = await node.namespace()
  const { paste } = openPageShell(t, node, namespace)
  const [block = ''] = codeBlocks({
    page: 'docs/aks.md',
    heading: '7. The first pod',
    language: 'sh',
  })
  const create = 'kubectl create namespace shop\n'
  t.ok(block.startsWith(create), 'this namespace exists already')
  const lines = block.slice(create.length).split('\n')
  const supported = lines.filter((line) => supportsEnv || !/io\/env:|\$DB_PASSWORD/.test(line))
  const output = await paste(supported.join('\n'), { VAULT: 'team-a', CLIENT_ID: clientId })
  const secret = 'correct horse battery staple'
  t.match(output, new RegExp(`condition met\n${secret}${supportsEnv ? secret : ''}\n`))
})
