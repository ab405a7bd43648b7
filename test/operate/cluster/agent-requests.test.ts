import t from 'tap'
import { agentRequests } from '../../../operate/cluster/pods/agent-requests.ts'
import { agentConfig, objectFile, secretFile } from '../../init-agent/harness/pod.ts'

t.test('a key store asks for its certificate and for its password', async (t) => {
  const password = secretFile('password').object
  const config = agentConfig({ files: [objectFile('pfx', 'web', { password })] })
  const isIn = (name: string) =>
    agentRequests(config, (object) => object.name === name).objects.map(({ object, isInFiles }) => [
      object.type,
      isInFiles,
    ])
  t.strictSame(isIn('web'), [['pfx', true]])
  t.strictSame(isIn('password'), [['secret', true]])
})
