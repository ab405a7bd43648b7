import t from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { dryRunInstall } from '../harness/install/dry-run-install.ts'

const skip = withoutHelm

t.test('the notes say how accounts are enabled in this install', { skip }, async (t) => {
  const { notes } = dryRunInstall('sync.enabled=true')
  t.match(
    notes,
    /^ {5}akv-injector rbac --controller-namespace vaults FILE \| kubectl apply -f -$/m,
  )
  t.notMatch(notes, 'DEPRECATED')
  t.notMatch(dryRunInstall().notes, 'akv-injector rbac')
})

t.test(
  'the notes say that a list of accounts is deprecated, and stay short',
  { skip },
  async (t) => {
    const values = Array.from(
      { length: 40 },
      (_, i) => `sync.namespaces.team-${i}.serviceAccounts={web}`,
    )
    const { notes } = dryRunInstall(...values)
    t.match(notes, 'DEPRECATED: sync.namespaces lists accounts')
    t.notMatch(notes, 'team-0')
  },
)
