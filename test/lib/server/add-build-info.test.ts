import { Registry } from 'prom-client'
import t from 'tap'
import { addBuildInfo } from '../../../lib/server/add-build-info.ts'
import { version } from '../../../lib/version.ts'
import { SyncMetrics } from '../../../sync/metrics/metrics.ts'

t.test('each registry says which version of its component runs', async (t) => {
  const registry = new Registry()
  addBuildInfo(registry, 'webhook')
  const line = (component: string) =>
    `akv_injector_build_info{component="${component}",version="${version}"} 1`
  t.match(await registry.metrics(), line('webhook'))
  t.match(await new SyncMetrics(() => false).text(), line('sync'))
})
