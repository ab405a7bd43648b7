/** Whether the command has an option `--render`. */
export const canRender = (command: string): boolean => command === 'check' || command === 'identity'
