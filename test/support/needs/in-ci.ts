/** Whether CI runs these tests: GitHub and `.ci/run` set the variable. */
export const isInCi = (env: NodeJS.ProcessEnv = process.env): boolean => env['CI'] === 'true'
