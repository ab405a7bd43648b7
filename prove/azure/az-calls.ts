import type { OwnMark } from '../plan/resource.ts'
import type { ToolCall } from '../tools/tools.ts'
import type { AzureAccount } from './account.ts'

/** A call of the Azure CLI. What all calls have in common is added where they run. */
export const azCall = (...args: readonly string[]): ToolCall => ({ tool: 'az', args })

/** Names the subscription each time: the user may choose another default while the command runs. */
export const inSubscription = ({ subscriptionId }: Pick<AzureAccount, 'subscriptionId'>) => [
  '--subscription',
  subscriptionId,
]

export const inGroup = (account: Pick<AzureAccount, 'subscriptionId' | 'resourceGroup'>) => [
  ...['--resource-group', account.resourceGroup],
  ...inSubscription(account),
]

export const azureMark: OwnMark = { at: ['tags'], key: 'made-by', value: 'akv-injector-prove' }

export const markTags = ['--tags', `${azureMark.key}=${azureMark.value}`]
