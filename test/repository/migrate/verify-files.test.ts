// What is wrong here can't happen unless migrate has a mistake: its plan and its text don't fit together.

import t from 'tap'
import { createPlaceholders } from '../../../repository/input/placeholders/placeholders.ts'
import { contentOf } from '../../../repository/migrate/content/content.ts'
import { readFile } from '../../../repository/migrate/content/read-input.ts'
import {
  type RewrittenFile,
  rewriteDocuments,
} from '../../../repository/migrate/files/rewrite-documents.ts'
import { findBuilds } from '../../../repository/migrate/kustomize/builds.ts'
import { planMigration } from '../../../repository/migrate/plan/plan-migration.ts'
import { verifyFiles } from '../../../repository/migrate/verify/verify-files.ts'
import { policy } from '../../webhook/core/policy.ts'

const classText = (vault: string, name = 'kv') => `kind: SecretProviderClass
metadata: { name: ${name} }
spec:
  provider: azure
  parameters:
    clientID: 22222222-2222-2222-2222-222222222222
    keyvaultName: ${vault}
    objects: '- { objectName: db, objectType: secret }'
`
const podText = (name: string, volumeClass = 'kv') => `kind: Pod
metadata: { name: ${name} }
spec:
  containers: [{ name: app, volumeMounts: [{ name: kv, mountPath: /kv }] }]
  volumes:
    - name: kv
      csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: ${volumeClass} } }
`
const files = {
  'dev/kv.yaml': classText('dev-vault'),
  'dev/web.yaml': podText('web'),
  'dev/shared.yaml': podText('shared', 'shared'),
  'prod/kv.yaml': classText('prod-vault'),
  'prod/web.yaml': podText('web'),
  'prod/shared.yaml': podText('shared', 'shared'),
  'classes/shared.yaml': classText('shared-vault', 'shared'),
}

/** The files that change if migrate writes these texts wrongly. */
function changedFiles(change: (file: RewrittenFile) => string) {
  const placeholders = createPlaceholders({ unfilled: 'kept' })
  const reading = { namespace: 'default', placeholders }
  const read = Object.entries(files).map(([path, text]) => readFile(path, text, reading))
  const otherFiles = { builds: findBuilds([], () => true), unread: [] }
  const old = contentOf(read, { policy, otherFiles, placeholders })
  const migration = planMigration(old)
  const rewritten = rewriteDocuments(read, migration, placeholders).map((file) => ({
    ...file,
    after: change(file),
  }))
  const verified = verifyFiles(rewritten, {
    old,
    migration,
    read: ({ source, after }) => [readFile(source, after, reading)],
  })
  return {
    changed: verified.files.flatMap(({ source, before, after }) =>
      before === after ? [] : source,
    ),
    differences: verified.differences.map(({ title, source }) => `${title} ${source}`),
  }
}

t.test('all files change if all ask for the same as before', async (t) => {
  t.strictSame(
    changedFiles(({ after }) => after),
    { changed: Object.keys(files), differences: [] },
  )
})

t.test('an environment with a difference stays, and the shared file that it needs', async (t) => {
  const { changed, differences } = changedFiles(({ source, after }) =>
    source === 'dev/web.yaml' ? after.replace('dev-vault', 'prod-vault') : after,
  )
  t.strictSame(changed, ['prod/kv.yaml', 'prod/web.yaml', 'prod/shared.yaml'])
  t.strictSame(differences, ['Pod/web dev/web.yaml', 'Pod/shared dev/shared.yaml'])
})

t.test('a difference in a shared file keeps the environments that it belongs to', async (t) => {
  const { changed, differences } = changedFiles(({ source, before, after }) =>
    source === 'classes/shared.yaml' ? before : after,
  )
  t.ok(differences.includes('SecretProviderClass/shared classes/shared.yaml'))
  t.notOk(changed.includes('classes/shared.yaml'))
})
