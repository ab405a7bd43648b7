import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { objectAt, valueAt } from '../../../lib/shape.ts'
import { deploymentBody, deployTemplate } from '../support/make-by-modules.ts'
import { errorBody, ok, on, type Route } from './azure-route.ts'

const main = join(import.meta.dirname, '../../../manifests/azure/bicep/main.bicep')

/**
 * Answers requests about deployments of main.bicep. There is no Bicep compiler here, so make-by-modules.ts repeats what the file
 * makes. Only the parameters are read from the file.
 *
 * @param group - the path of a resource group
 */
export function deploymentRoutes(group: string): readonly Route[] {
  const deployments = `${group}/providers/Microsoft.Resources/deployments`
  const deployment = `${deployments}/(?<name>[^/]+)`
  return [
    {
      method: 'GET',
      path: on(`${deployments}/`),
      answer: ({ world }) =>
        ok({ value: [...world.deployments].map(([name, one]) => deploymentBody(name, one)) }),
    },
    {
      method: 'POST',
      path: on(`${deployment}/validate`),
      answer: () => ok({ properties: { provisioningState: 'Succeeded' } }),
    },
    {
      method: 'PUT',
      path: on(deployment),
      isChange: true,
      answer: ({ world }, { name = '' }, body) => {
        const given = Object.fromEntries(
          Object.entries(objectAt(body, 'properties', 'parameters')).map(([key, one]) => [
            ...[key, valueAt(one, 'value')],
          ]),
        )
        const text = readFileSync(main, 'utf8')
        const made = deployTemplate(world, { name, given, text })
        return made && { status: 201, body: made }
      },
    },
    {
      method: 'GET',
      path: on(deployment),
      answer: ({ world }, { name = '' }) => {
        const one = world.deployments.get(name)
        return one && ok(deploymentBody(name, one))
      },
    },
    {
      method: 'POST',
      path: on(`${deployment}/cancel`),
      answer: () => ({
        status: 409,
        body: errorBody('DeploymentCannotBeCancelled', 'It is not running.'),
      }),
    },
    {
      method: 'DELETE',
      path: on(deployment),
      isChange: true,
      answer: ({ world }, { name = '' }) => {
        world.deployments.delete(name)
        return { status: 204 }
      },
    },
  ]
}
