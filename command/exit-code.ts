/** 0: success. 1: failure. 2: the input, the settings or the command line is invalid. */
export type ExitCode = 0 | 1 | 2
