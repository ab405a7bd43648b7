import t from 'tap'
import { syncRolesFor } from '../../repository/rbac/role.ts'
import { render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'

/** Tests which kinds the ClusterRoles `view`, `edit` and `admin` get. test/cluster/sync/onboarding.test.ts uses them. */
const skip = withoutHelm
const builtIn = ['view', 'edit', 'admin'] as const
const reads = ['get', 'list', 'watch']
const writes = ['create', 'delete', 'deletecollection', 'patch', 'update']
const label = (role: string) => `rbac.authorization.k8s.io/aggregate-to-${role}`

/** What these values add to each of the built-in ClusterRoles, as `verb resource.group`. */
function addedBy(values: object) {
  const roles = readRendered(render({ values }).text).objects.filter(
    ({ kind, metadata }) =>
      kind === 'ClusterRole' && builtIn.some((role) => metadata.labels[label(role)]),
  )
  return Object.fromEntries(
    builtIn.map((role) => [
      role,
      roles
        .filter(({ metadata }) => metadata.labels[label(role)] === 'true')
        .flatMap(accessesOf)
        .sort(),
    ]),
  )
}

const accessesOf = ({ rules }: Manifest): readonly string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }: Manifest) =>
    resources.flatMap((resource: string) =>
      verbs.map((verb: string) => `${verb} ${resource}.${apiGroups[0]}`),
    ),
  )

const each = (verbs: readonly string[], ...kinds: readonly string[]) =>
  kinds.flatMap((kind) => verbs.map((verb) => `${verb} ${kind}`)).sort()

const none = { view: [], edit: [], admin: [] }
/** These kinds, and others that are only read. */
const all = (kinds: readonly string[], read: readonly string[] = []) => {
  const viewed = each(reads, ...kinds, ...read)
  const written = [...viewed, ...each(writes, ...kinds)].sort()
  return { view: viewed, edit: written, admin: written }
}
const group = 'secrets-store.csi.x-k8s.io'
const classes = [`secretproviderclasses.${group}`]
/** The driver writes which versions a pod has. */
const reported = [`secretproviderclasspodstatuses.${group}`]
const operator = ['externalsecrets.external-secrets.io', 'secretstores.external-secrets.io']
const sync = (more: object, others: object = {}) => ({
  sync: { enabled: true, ...more },
  ...others,
})

t.test('each switch adds the kinds that it is about', { skip }, async (t) => {
  t.strictSame(addedBy({}), none)
  t.strictSame(addedBy(sync({})), none)
  t.strictSame(addedBy(sync({ externalSecrets: true })), all(operator))
  t.strictSame(addedBy(sync({ externalSecrets: true, crds: false })), all(operator))
  t.strictSame(addedBy(sync({ classes: true })), all(classes, reported))
  for (const namespaces of ['labelled', 'all'])
    t.strictSame(addedBy({ csi: { namespaces } }), all(classes, reported))
  t.strictSame(
    addedBy(sync({ classes: true, externalSecrets: true })),
    all([...operator, ...classes], reported),
  )
  t.strictSame(
    addedBy(sync({ classes: true, externalSecrets: true }, { aggregatedRoles: false })),
    none,
  )
})

t.test('with admin, the Roles that rbac prints can be applied', { skip }, async (t) => {
  for (const watch of ['cluster', 'namespaces'] as const) {
    const { admin = [] } = addedBy(sync({ watch, classes: true, externalSecrets: true }))
    const [role] = syncRolesFor('team-a', ['web'], {
      controllerNamespace: 'akv-injector',
      watch,
      classes: true,
      externalSecrets: true,
    }) as readonly Manifest[]
    const ofKinds = accessesOf(role).filter((access) => !/\.$/.test(access))
    t.strictSame(
      ofKinds.filter((access) => !admin.includes(access)),
      [],
    )
    t.equal(ofKinds.length > 0, watch === 'namespaces')
  }
})

t.test('the names are those of no peer', { skip }, async (t) => {
  const values = sync({ classes: true, externalSecrets: true })
  const names = readRendered(render({ values }).text)
    .objects.filter(({ metadata }) => metadata.labels[label('admin')])
    .map(({ metadata }) => metadata.name)
  t.strictSame(names, [
    'akv-injector-externalsecrets-edit',
    'akv-injector-externalsecrets-view',
    'akv-injector-secretproviderclasses-edit',
    'akv-injector-secretproviderclasses-view',
  ])
})
