import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

/**
 * The wall clock steps when somebody corrects it, so nothing may be measured by it. These files read it, each for a reason. All
 * others use boot time (lib/clock.ts).
 */
const readers: Readonly<Record<string, string>> = {
  'delivery/session/session.ts': 'tokens expire by it',
  'init-agent/fetch/report-retries.ts': 'the log says until when the agent retries',
  'init-agent/metrics/follow-refreshes.ts': 'the time of the last success is a date',
  'init-agent/state/state-log.ts': 'a state says when it was logged',
  'init-agent/volume/fresh-mark.ts': 'older versions know only the file’s time',
  'init-agent/volume/read-file-set.ts': 'nothing else says when a set was written',
  'init-agent/volume/write-file-set.ts': 'the name of a set has the time, as the kubelet’s have',
  'keyvault/clients/request-guard.ts': 'if an answer with a Retry-After has no Date',
  'keyvault/clients/server-time.ts': 'compared with the time of servers',
  'kubernetes/connection.ts': 'until the API server has sent its time',
  'lib/clock.ts': 'the clock itself',
  'lib/handed-time.ts': 'for older versions, and for another boot',
  'lib/log/log.ts': 'the log',
  'sync/cluster/cluster-error.ts': 'if an answer with a Retry-After has no Date',
  'sync/cluster/event-body.ts': 'Events have dates',
  'sync/fetch/account-session.ts': 'tokens expire by it',
  'keyvault/finds/run-finds.ts': 'compared with when secrets were updated',
  'sync/round/report/publish-ready.ts': 'conditions have dates',
  'sync/round/report/secret-statuses.ts': 'the published status says since when a Secret fails',
  'sync/round/turn/decide-turns.ts': 'the published status says when values were last fetched',
  'webhook/http/certificate/watch-certificate.ts': 'certificates expire by it',
  'webhook/http/require-client.ts': 'certificates expire by it',
  'webhook/http/server/logger-options.ts': 'the log',
  'webhook/http/start-webhook.ts': 'certificates expire by it',
}

const folders = 'certs,delivery,init-agent,keyvault,kubernetes,lib,requests,sync,webhook'
const root = join(import.meta.dirname, '..')
const readsWallTime = /\bDate\.now\b|\bnew Date\(\)|\bwallTime\b|\b[acm]time(Ms)?\b|birthtime/

t.test('only code that needs a date reads the wall clock', async (t) => {
  const files = globSync(`{${folders}}/**/*.ts`, { cwd: root })
  const found = files.filter((file) => readsWallTime.test(readFileSync(join(root, file), 'utf8')))
  t.strictSame(found.sort(), Object.keys(readers).sort())
  t.ok(files.length > 350, `${files.length} files`)
})
