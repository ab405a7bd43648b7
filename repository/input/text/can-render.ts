/** Whether a command has the option `--render`. */
export const canRender = (command: string): boolean => command === 'check' || command === 'identity'
