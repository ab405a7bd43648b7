import t from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { dryRunInstall } from '../harness/install/dry-run-install.ts'

const accountsIn = (count: number, accounts: string) =>
  dryRunInstall(
    ...Array.from(
      { length: count },
      (_, i) => `sync.namespaces.team-${i}.serviceAccounts={${accounts}}`,
    ),
  ).notes

t.test(
  'the notes name the accounts that can request Secrets, and stay short',
  {
    skip: withoutHelm,
  },
  async (t) => {
    const few = accountsIn(2, 'web,worker')
    t.match(few, /^ {5}team-0: web, worker\n {5}team-1: web, worker\n\n/m)
    const many = accountsIn(40, 'a,b,c,d,e,f,g')
    t.match(many, /^ {5}team-0: a, b, c, d, e, and 2 more\n/m)
    t.match(many, /^ {5}and those of 35 more namespaces in sync\.namespaces$/m)
    t.equal(many.split('\n').length - few.split('\n').length, 4)
  },
)
