/** Files that need a process of their own or wait for long, and those with a command of their own (CONTRIBUTING.md). */
export const isApart = (file: string): boolean =>
  /\.alone\.test\.ts$|\/cost\/|^test\/(?:(?:prove|release)\/slow|web\/browser)\//.test(file)
