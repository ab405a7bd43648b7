import t from 'tap'
import { webhookMain } from '../../webhook/main.ts'

t.test('a webhook that is to read classes needs an API server', async (t) => {
  const { args } = t.capture(process.stderr, 'write', () => true)
  const env = { AKV_INJECTOR_AGENT_IMAGE: 'registry.example/agent:1', AKV_INJECTOR_CSI: 'labelled' }
  t.equal(await webhookMain(env), 2)
  t.match(args().join(), /invalid settings.*KUBERNETES_SERVICE_HOST/s)
})
