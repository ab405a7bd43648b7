/** Takes the exit code of the command that ran. */
export type End = (exitCode: number) => void
