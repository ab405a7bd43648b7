import t from 'tap'
import { bindingVariablesIn, resolveIdentity } from '../../../delivery/session/identity.ts'

const id = (digit: string) => `${digit.repeat(8)}-1111-1111-1111-111111111111`
const env = { AZURE_CLIENT_ID: id('c'), AZURE_TENANT_ID: id('d') }

t.test(
  'annotations go before the environment, and that before the administrator’s tenant',
  async (t) => {
    const annotated = { clientId: id('a'), tenantId: id('b'), defaultTenantId: id('e') }
    t.strictSame(resolveIdentity(annotated, env), { clientId: id('a'), tenantId: id('b') })
    t.strictSame(resolveIdentity({ defaultTenantId: id('e') }, env), {
      clientId: id('c'),
      tenantId: id('d'),
    })
    t.strictSame(resolveIdentity({ defaultTenantId: id('e') }, { AZURE_CLIENT_ID: id('c') }), {
      clientId: id('c'),
      tenantId: id('e'),
    })
  },
)

t.test('the default client of a namespace is used last', async (t) => {
  const annotated = { defaultClientId: id('f'), defaultTenantId: id('e') }
  t.equal(resolveIdentity(annotated, env).clientId, id('c'))
  t.equal(resolveIdentity(annotated, {}).clientId, id('f'))
  t.equal(resolveIdentity({ ...annotated, clientId: id('a') }, env).clientId, id('a'))
})

t.test('the error names the missing id', async (t) => {
  const missing = (annotated: Parameters<typeof resolveIdentity>[0], message: RegExp) =>
    t.throws(() => resolveIdentity(annotated, {}), { code: 'AKV_IDENTITY_MISSING', message })
  missing({}, /^no client ID and no tenant ID is configured$/)
  missing({ clientId: id('a') }, /^no tenant ID is configured$/)
  missing({ defaultTenantId: id('a') }, /^no client ID is configured$/)
})

t.test('an id that isn’t a UUID never becomes part of a URL', async (t) => {
  for (const wrong of ['x', '../evil', 'evil.example', `${id('a')}/`, `${id('a')}?a`])
    for (const annotated of [
      { clientId: wrong, tenantId: id('b') },
      { clientId: id('a'), tenantId: wrong },
    ])
      t.throws(() => resolveIdentity(annotated, {}), { code: 'AKV_CONFIG_INVALID' }, wrong)
})

t.test('the variables of identity bindings are found, and have no effect', async (t) => {
  const names = ['TOKEN_PROXY', 'SNI_NAME', 'CA_FILE', 'CA_DATA'].map(
    (name) => `AZURE_KUBERNETES_${name}`,
  )
  const set = { ...env, ...Object.fromEntries(names.map((name) => [name, 'x'])) }
  t.strictSame(resolveIdentity({}, set), resolveIdentity({}, env))
  t.strictSame(bindingVariablesIn(set), names)
  t.strictSame(bindingVariablesIn(env), [])
})
