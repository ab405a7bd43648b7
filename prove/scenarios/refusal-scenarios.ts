import { wrongTenantId } from '../plan/facts.ts'
import { apply, code, look, podOf } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** What isn't allowed, and what isn't wanted. The identities that are refused never had the right. */
export function refusalScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const pod = (name: string, account: string, annotations: Readonly<Record<string, string>> = {}) =>
    podOf({ name, facts, account, annotations: { secrets: 'plain', ...annotations } })
  return [
    {
      id: 'wrong-role',
      sentence: 'an identity without a role reads nothing',
      steps: [apply(pod('wrong-role', 'stranger')), code('wrong-role', 'AKV_FORBIDDEN')],
    },
    {
      id: 'wrong-tenant',
      sentence: 'a tenant that doesn’t exist is named as the cause',
      steps: [
        apply(pod('wrong-tenant', 'reader', { 'tenant-id': wrongTenantId })),
        code('wrong-tenant', 'AKV_TENANT_NOT_FOUND'),
      ],
    },
    {
      id: 'missing-credential',
      sentence: 'an identity without a federated credential is named as the cause',
      steps: [
        apply(pod('missing-credential', 'loose')),
        code('missing-credential', 'AKV_FEDERATION_MISMATCH'),
      ],
    },
    {
      id: 'identity-binding',
      sentence: 'an identity without a federated credential signs in by an identity binding',
      requires: 'identity-binding',
      waitsMs: 15 * 60_000,
      steps: [
        apply(pod('identity-binding', 'loose', { 'identity-binding': 'true' })),
        // It has no role. Without the binding, it couldn't even sign in.
        code('identity-binding', 'AKV_FORBIDDEN'),
      ],
    },
    {
      id: 'mistake-denied',
      sentence: 'a pod with an unknown annotation is denied',
      steps: [
        {
          kind: 'apply',
          objects: [pod('mistake', 'reader', { secretz: 'plain' })],
          expected: 'refused',
        },
      ],
    },
    {
      id: 'opt-out',
      sentence: 'a pod that turns injection off is left as it is, and one without it gets an agent',
      steps: [
        apply(pod('opt-out', 'reader', { inject: 'false' }), pod('opt-in', 'reader')),
        look({ at: 'injection', pod: 'opt-out' }, 'not-injected'),
        look({ at: 'injection', pod: 'opt-in' }, 'injected'),
      ],
    },
  ]
}
