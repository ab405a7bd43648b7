/** The signals that end the agent. The kubelet sends SIGTERM, and a terminal SIGINT. */
export const stopSignals = ['SIGTERM', 'SIGINT'] as const
