/** Fine; something that was tried failed; the input, the settings or the command line is wrong. */
export type ExitCode = 0 | 1 | 2
