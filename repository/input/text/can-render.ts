/** Whether the command renders charts and Kustomize folders. */
export const canRender = (command: string): boolean =>
  ['check', 'identity', 'rbac'].includes(command)
